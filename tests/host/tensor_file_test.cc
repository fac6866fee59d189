// SPDX-License-Identifier: Apache-2.0
// Tensor files: round trips, NumPy's own headers, image conversion, and bad input of each kind.
#include "host/io/tensor_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "host/io/file.h"

namespace millrace::io {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

TensorSpec spec_of(ElementType type, std::vector<int64_t> shape, double scale = 0,
                   int32_t zero_point = 0) {
  return {"input", std::move(shape), type, scale, zero_point};
}

// A version 1 file with the given dictionary.
std::vector<uint8_t> npy(const std::string& dictionary, size_t data_bytes) {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(dictionary.size());
  file += '\0';
  return bytes_of(file + dictionary + std::string(data_bytes, 'd'));
}

std::string npy_error(const std::vector<uint8_t>& file, const TensorSpec& spec) {
  const auto tensor = parse_npy(file, spec, "f.npy");
  return tensor ? "" : tensor.error().message;
}

TEST(Npy, RoundTripsEveryType) {
  for (const ElementType type :
       {ElementType::kInt8, ElementType::kUint8, ElementType::kInt32, ElementType::kFloat32})
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{1, 2, 3}, {5}, {}}) {
      const TensorSpec spec = spec_of(type, shape);
      std::vector<uint8_t> data(tensor_bytes(spec));
      for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i * 37);
      const auto file = format_npy(spec, data);
      EXPECT_EQ((file.size() - data.size()) % 64, 0u);
      const auto back = parse_npy(file, spec, "f.npy");
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(*back, data);
      for (size_t length = 0; length < file.size(); ++length)
        ASSERT_FALSE(parse_npy(std::span(file).first(length), spec, "f.npy")) << length;
    }
}

TEST(Npy, TakesWhatNumpyWrites) {
  const TensorSpec spec = spec_of(ElementType::kInt8, {1, 2, 3});
  EXPECT_EQ(
      npy_error(npy("{'descr': '|i1', 'fortran_order': False, 'shape': (1, 2, 3), }      \n", 6),
                spec),
      "");
  EXPECT_EQ(npy_error(npy("{'descr':'<i1','fortran_order':False,'shape':(2,3)}\n", 6), spec), "");
  auto version2 = bytes_of(std::string("\x93NUMPY\x02\x00\x34\x00\x00\x00", 12));
  const auto rest = bytes_of("{'descr':'|i1','fortran_order':False,'shape':(2,3)}\ndddddd");
  version2.insert(version2.end(), rest.begin(), rest.end());
  EXPECT_EQ(npy_error(version2, spec), "");
}

TEST(Npy, NamesWhatIsWrong) {
  const TensorSpec spec = spec_of(ElementType::kInt8, {2, 3});
  const std::string good = "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }";
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return npy_error(npy(text, 6), spec);
  };
  EXPECT_EQ(npy_error(npy(good, 6), spec), "");
  EXPECT_EQ(npy_error(npy(good, 5), spec), "f.npy: truncated, 5 bytes of data for 6");
  EXPECT_EQ(npy_error(npy(good, 7), spec), "f.npy: too long, 7 bytes of data for 6");
  EXPECT_EQ(npy_error(bytes_of("hello"), spec), "f.npy: not a .npy file");
  EXPECT_TRUE(contains(changed("|i1", "<f4"), "elements of type '<f4'; input takes '|i1' (int8)"));
  EXPECT_TRUE(contains(changed("|i1", ">i1"), "elements of type '>i1'"));
  EXPECT_TRUE(contains(changed("False", "True"), "C order"));
  EXPECT_TRUE(contains(changed("False", "Maybe"), "header"));
  EXPECT_EQ(changed("(2, 3)", "(3, 2)"), "f.npy: shape [3, 2]; input takes [2, 3]");
  EXPECT_TRUE(contains(changed("(2, 3)", "(2, 3"), "header"));
  EXPECT_TRUE(contains(changed("(2, 3)", "(2 3)"), "header"));
  EXPECT_TRUE(contains(changed("(2, 3)", "(2, -3)"), "header"));
  EXPECT_TRUE(contains(changed("(2, 3)", "(99999999999999999999,)"), "header"));
  EXPECT_TRUE(contains(changed("shape", "shapf"), "header"));
  EXPECT_TRUE(contains(changed("'|i1'", "|i1"), "header"));
  auto longer_header = npy(good, 6);
  longer_header[9] = 1;  // 256 bytes more than there are
  EXPECT_TRUE(contains(npy_error(longer_header, spec), "truncated or unknown .npy header"));
  auto version = npy(good, 6);
  version[6] = 9;
  EXPECT_TRUE(contains(npy_error(version, spec), "header"));
}

std::string pnm_error(const std::string& file, const TensorSpec& spec) {
  const auto tensor = parse_pnm(bytes_of(file), spec, "f.ppm");
  return tensor ? "" : tensor.error().message;
}

TEST(Pnm, ConvertsToTheTensorsType) {
  const auto file =
      bytes_of(std::string("P5\n# made by hand\n2 2 255\n") + std::string("\x00\x01\x80\xff", 4));
  const auto convert = [&](const TensorSpec& spec) {
    const auto tensor = parse_pnm(file, spec, "f.pgm");
    EXPECT_TRUE(tensor) << (tensor ? "" : tensor.error().message);
    return tensor ? *tensor : std::vector<uint8_t>();
  };
  const std::vector<int64_t> shape = {1, 2, 2, 1};
  using Bytes = std::vector<uint8_t>;
  EXPECT_EQ(convert(spec_of(ElementType::kUint8, shape)), (Bytes{0, 1, 128, 255}));
  EXPECT_EQ(convert(spec_of(ElementType::kInt8, shape)), (Bytes{128, 129, 0, 127}));
  EXPECT_EQ(convert(spec_of(ElementType::kInt8, shape, 1.0 / 255, -128)),
            (Bytes{128, 129, 0, 127}));
  // x = 0, 1/255, 128/255, 1 at scale 1/64 and zero point -10: round gives 0, 0, 32, 64.
  EXPECT_EQ(convert(spec_of(ElementType::kInt8, shape, 1.0 / 64, -10)), (Bytes{246, 246, 22, 54}));
  // Saturation: 1 / scale = 510.
  EXPECT_EQ(convert(spec_of(ElementType::kInt8, shape, 1.0 / 510, 0)), (Bytes{0, 2, 127, 127}));
  EXPECT_EQ(convert(spec_of(ElementType::kUint8, shape, 1.0 / 510, 0)), (Bytes{0, 2, 255, 255}));
  const Bytes floats = convert(spec_of(ElementType::kFloat32, shape));
  ASSERT_EQ(floats.size(), 16u);
  float last = 0;
  std::memcpy(&last, floats.data() + 12, 4);
  EXPECT_EQ(last, 1.0f);
}

TEST(Pnm, ReadsColourAndOtherMaxima) {
  const auto colour = parse_pnm(bytes_of("P6 1 2 100 \x01\x02\x03\x32\x33\x64"),
                                spec_of(ElementType::kUint8, {2, 1, 3}), "f.ppm");
  ASSERT_TRUE(colour) << colour.error().message;
  EXPECT_EQ(*colour, (std::vector<uint8_t>{3, 5, 8, 128, 130, 255}));
}

TEST(Pnm, NamesWhatIsWrong) {
  const TensorSpec grey = spec_of(ElementType::kInt8, {1, 1, 2, 1});
  EXPECT_EQ(pnm_error("P5 2 1 255\nab", grey), "");
  EXPECT_EQ(pnm_error("P5 2 1 255\na", grey), "f.ppm: truncated image, 1 samples for 2");
  EXPECT_EQ(pnm_error("P5 2 1 255\nabc", grey), "f.ppm: too long image, 3 samples for 2");
  for (const char* header : {"P5", "P5 2", "P5 2 1", "P5 2 1 255", "P5 2 x 255\nab", "P5 0 1 255\n",
                             "P5 -2 1 255\nab", "P5 2 99999999999999999999 255\nab"})
    EXPECT_TRUE(contains(pnm_error(header, grey), "header")) << header;
  EXPECT_TRUE(contains(pnm_error("P2 2 1 255\n1 2", grey), "not a binary PGM"));
  EXPECT_TRUE(contains(pnm_error("", grey), "not a binary PGM"));
  EXPECT_TRUE(contains(pnm_error("P5 2 1 65535\nabcd", grey), "16 bits"));
  EXPECT_TRUE(contains(pnm_error("P5 2 1 10\nab", grey), "above the maximum"));
  EXPECT_TRUE(contains(pnm_error("P5 1 2 255\nab", grey), "[2, 1, 1]; input takes [1, 1, 2, 1]"));
  EXPECT_TRUE(contains(pnm_error("P6 2 1 255\nabcdef", grey), "[1, 2, 3]"));
  EXPECT_TRUE(
      contains(pnm_error("P5 2 1 255\nab", spec_of(ElementType::kInt32, {1, 2, 1})), "int32"));
}

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("millrace_io_" + std::to_string(getpid()));
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  size_t files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }
  std::filesystem::path folder_;
};

TEST_F(Files, TensorsFollowTheName) {
  const TensorSpec spec = spec_of(ElementType::kInt32, {2, 2});
  const std::vector<uint8_t> data(16, 3);
  for (const char* name : {"t.npy", "t.bin", "T.NPY"}) {
    ASSERT_TRUE(write_tensor(path(name), spec, data));
    const auto back = read_tensor(path(name), spec);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, data);
  }
  EXPECT_EQ(files(), 3u);
  EXPECT_FALSE(write_tensor(path("t.txt"), spec, data));
  EXPECT_FALSE(write_tensor(path("t.pgm"), spec, data));
  EXPECT_FALSE(write_tensor(path("no/t.npy"), spec, data));
  EXPECT_FALSE(read_tensor(path("t.txt"), spec));
  EXPECT_FALSE(read_tensor(path("missing.npy"), spec));
  EXPECT_FALSE(read_tensor(path("t.npy"), spec_of(ElementType::kInt32, {2, 3})));
  EXPECT_FALSE(read_tensor(path("t.bin"), spec_of(ElementType::kInt32, {2, 3})));
  EXPECT_EQ(files(), 3u);
}

TEST_F(Files, WritesReplaceAndLeaveNothingElse) {
  ASSERT_TRUE(write_file(path("f"), "first version, long"));
  ASSERT_TRUE(write_file(path("f"), "second"));
  const auto back = read_file(path("f"));
  ASSERT_TRUE(back);
  EXPECT_EQ(std::string(back->begin(), back->end()), "second");
  EXPECT_EQ(files(), 1u);
  EXPECT_FALSE(write_file(folder_.string(), "x"));
  EXPECT_FALSE(write_file(path("none/f"), "x"));
  EXPECT_FALSE(check_writable(""));
  EXPECT_FALSE(read_file(folder_.string()));
  EXPECT_TRUE(contains(read_file(path("none")).error().message, "No such file"));
  EXPECT_TRUE(write_file("/dev/null", "x"));
  EXPECT_FALSE(write_file("/dev/full", std::string(100000, 'x')));
}

TEST_F(Files, AFullDiskLeavesTheOldFile) {
  ASSERT_TRUE(write_file(path("f"), "old"));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = write_file(path("f"), std::string(100000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(status);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(read_file(path("f"))->size(), 3u);
}

}  // namespace
}  // namespace millrace::io

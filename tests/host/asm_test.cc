// SPDX-License-Identifier: Apache-2.0
// Assembler, disassembler and program files: round trips with random instructions and bytes, and
// bad input of each kind.
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "host/asm/assembler.h"
#include "host/asm/text.h"

namespace millrace {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Result<std::vector<uint8_t>> no_file(const std::string& path) {
  return input_error("no file " + path);
}

std::string error_of(const std::string& text) {
  const auto program = assemble(text, "t", no_file);
  return program ? "" : program.error().message;
}

isa::Instruction random_words(std::mt19937& random) {
  isa::Instruction words;
  for (uint32_t& word : words) word = static_cast<uint32_t>(random());
  return words;
}

// A random instruction whose bits the configuration allows; many bits are zero, as in real
// programs.
isa::Instruction random_legal(std::mt19937& random, const isa::Config& config) {
  const isa::InstructionInfo& info = isa::kInstructions[random() % isa::kInstructions.size()];
  isa::Instruction words = random_words(random);
  const isa::Instruction thin = random() % 2 == 0
                                    ? random_words(random)
                                    : isa::Instruction{~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u};
  for (size_t i = 0; i < words.size(); ++i)
    words[i] &= thin[i] & info.legal[static_cast<size_t>(config.index)][i];
  words[0] = (words[0] & ~0xffu) | static_cast<uint32_t>(info.opcode);
  return words;
}

TEST(Text, RandomInstructionsSurvive) {
  std::mt19937 random(7);
  for (const isa::Config& config : isa::kConfigs)
    for (int i = 0; i < 5000; ++i) {
      const isa::Instruction words = random_legal(random, config);
      const std::string text = disassemble(words, &config);
      ASSERT_FALSE(text.starts_with(".word")) << text;
      const auto back = assemble_instruction(text, &config);
      ASSERT_TRUE(back) << text << ": " << back.error().message;
      ASSERT_EQ(*back, words) << text;
    }
}

TEST(Text, RandomBitsSurvive) {
  std::mt19937 random(8);
  for (int i = 0; i < 5000; ++i) {
    isa::Instruction words = random_words(random);
    if (i % 2 == 0) words[0] = (words[0] & ~0xffu) | static_cast<uint32_t>(1 + random() % 6);
    for (const isa::Config* config :
         {static_cast<const isa::Config*>(nullptr), &isa::kConfigs[0]}) {
      const auto back = assemble_instruction(disassemble(words, config), config);
      ASSERT_TRUE(back) << disassemble(words, config);
      ASSERT_EQ(*back, words);
    }
  }
}

TEST(Text, ValuesAreTakenInEveryForm) {
  const auto load = assemble_instruction("load space=acc rows=0x10 row_bytes=64 seg=1");
  ASSERT_TRUE(load);
  const isa::Load fields = isa::Load::unpack(*load);
  EXPECT_EQ(fields.space, isa::Space::kAcc);
  EXPECT_EQ(fields.rows, 16u);
  EXPECT_EQ(fields.planes, 1u);
  const auto vset =
      assemble_instruction("vset clamp_lo=-128 zero_point=0xff scalar1=0x80000000 scalar_mult=-5");
  ASSERT_TRUE(vset);
  EXPECT_EQ(isa::Vset::unpack(*vset).clamp_lo, -128);
  EXPECT_EQ(isa::Vset::unpack(*vset).zero_point, -1);
  EXPECT_EQ(isa::Vset::unpack(*vset).scalar1, INT32_MIN);
  EXPECT_EQ(isa::Vset::unpack(*vset).scalar_mult, -5);
  const auto vector = assemble_instruction("vector src1_kind=acc op=max quant=q31 src2_kind=1");
  ASSERT_TRUE(vector);
  EXPECT_EQ(isa::Vector::unpack(*vector).op, isa::Binary::kMax);
  EXPECT_EQ(isa::Vector::unpack(*vector).src2_kind, isa::Source::kSp);
  EXPECT_EQ(disassemble(*vector), "vector src1_kind=acc src2_kind=sp op=max quant=q31");
}

struct BadLine {
  const char* text;
  const char* message;
};

TEST(Assembler, BadLinesAreNamed) {
  const BadLine cases[] = {
      {"laod rows=1", "unknown instruction 'laod'; instructions: load, store"},
      {"load row=1", "load has no field 'row'; fields: space, flip"},
      {"load rows", "lacks '=value'"},
      {"load rows=", "takes a number"},
      {"load rows=1 rows=1", "given twice"},
      {"load rows=0", "takes 1 to 4096, not 0"},
      {"load rows=4097", "takes 1 to 4096"},
      {"load rows=1025", "configuration base does not allow rows=1025 in load"},
      {"load space=sb", "takes a number or sp or acc, not 'sb'"},
      {"load offset=0x100000000", "takes 0 to 4294967295"},
      {"load offset=12z", "takes a number"},
      {"vset clamp_lo=-129", "takes -128 to 127"},
      {"vset clamp_lo=128", "takes -128 to 127"},
      {"vset clamp_lo=0x100", "takes -128 to 255"},
      {".word 1 2 3", ".word takes 8 words, not 3"},
      {".word 1 2 3 4 5 6 7 0x100000000", "no 32-bit word"},
      {".word 1 2 3 4 5 6 7 x", "no number"},
      {".config base", ".config is given twice"},
      {".segmnt 1", "unknown directive '.segmnt'"},
      {".segment size=4 perms=r", "needs a segment number"},
      {".segment 1 size=4", "needs size=BYTES and perms="},
      {".segment 1 size=4 perms=x", "perms takes none, r, w or rw"},
      {".segment 1 size=4 perms=r fill=256", "fill takes 0 to 255"},
      {".segment 1 size=-4 perms=r", "size takes 0 to 4294967295"},
      {".segment 1 size=4 size=4 perms=r", "size is given twice"},
      {".segment 1 size=4 perms=r colour=red", "not 'colour=red'"},
      {".segment 0 size=4 perms=r", "segment 0 is the driver's"},
      {".segment 16 size=4 perms=r", "segment 16 does not exist"},
      {".segment 1 size=0x8000000 perms=r", "larger than the 67108864 bytes"},
      {".segment 1 size=4 perms=r file=x", "no file x"},
      {".data 1 00", ".data before .segment 1"},
  };
  for (const BadLine& bad : cases) {
    const std::string message =
        error_of(std::string(".config base  # comment\n\n") + bad.text + "\n");
    EXPECT_TRUE(message.starts_with("t:3: ")) << bad.text << " -> " << message;
    EXPECT_TRUE(contains(message, bad.message)) << bad.text << " -> " << message;
  }
  EXPECT_TRUE(contains(error_of("load\n.config base"), "t:1: the first line must be .config"));
  EXPECT_TRUE(contains(error_of(".config bass"), "configurations: nano, small, base, large"));
  EXPECT_TRUE(contains(error_of(".config"), "t:1: .config takes one name"));
  EXPECT_TRUE(contains(error_of("# nothing"), "no .config line"));
  EXPECT_TRUE(contains(
      error_of(".config base\n.segment 1 size=1 perms=r\n.segment 1 size=1 perms=r"), "t:3: "));
  EXPECT_TRUE(contains(error_of(".config base\n.segment 1 size=1 perms=r\n.data 1 0 1"),
                       "2 bytes of data but a size of 1"));
  EXPECT_TRUE(
      contains(error_of(".config base\n.segment 1 size=1 perms=r\n.data 1 100"), "no byte"));
  EXPECT_TRUE(contains(error_of(".config nano\nmatmul n_nt=2"),
                       "configuration nano does not allow n_nt=2"));
}

const char* const kProgram = R"(# a comment
.config base
.segment 3 size=100 perms=rw fill=0x80
.segment 1 size=5 perms=r file=data   # from a file
.data 3 01 2 fF
load space=sp seg=1 row_bytes=5
.word 1 2 3 4 5 6 7 8
signal seg=3 offset=4 value=0xffffffff irq=1)";

ProgramFile sample() {
  const auto program =
      assemble(kProgram, "t", [](const std::string& path) -> Result<std::vector<uint8_t>> {
        return path == "data" ? Result<std::vector<uint8_t>>(std::vector<uint8_t>{9, 8, 7})
                              : input_error("no file");
      });
  EXPECT_TRUE(program) << (program ? "" : program.error().message);
  return program ? *program : ProgramFile{};
}

TEST(Assembler, ProgramsHaveSegmentsAndCode) {
  const ProgramFile program = sample();
  ASSERT_EQ(program.segments.size(), 2u);
  EXPECT_EQ(program.segments[0].number, 1);
  EXPECT_EQ(program.segments[0].contents(), (std::vector<uint8_t>{9, 8, 7, 0, 0}));
  EXPECT_EQ(program.segments[1].perms, Perms::kReadWrite);
  const auto contents = program.segments[1].contents();
  ASSERT_EQ(contents.size(), 100u);
  EXPECT_EQ(contents[1], 2);
  EXPECT_EQ(contents[2], 0xff);
  EXPECT_EQ(contents[99], 0x80);
  ASSERT_EQ(program.code.size(), 3u);
  EXPECT_EQ(isa::Signal::unpack(program.code[2]).offset, 4u);
}

TEST(Assembler, ProgramsSurviveTextAndFile) {
  const ProgramFile program = sample();
  const auto bytes = encode_program(program);
  const auto read = decode_program(bytes, "p");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->config, program.config);
  EXPECT_EQ(read->segments, program.segments);
  EXPECT_EQ(read->code, program.code);
  const auto again = assemble(disassemble_program(*read), "t", no_file);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(encode_program(*again), bytes);
}

TEST(Assembler, RandomProgramsSurviveTextAndFile) {
  std::mt19937 random(9);
  for (int i = 0; i < 200; ++i) {
    ProgramFile program;
    program.config = &isa::kConfigs[random() % isa::kConfigs.size()];
    for (int number = 1; number < program.config->segments; ++number) {
      if (random() % 2 == 0) continue;
      ProgramSegment segment{number,
                             static_cast<Perms>(random() % 4),
                             static_cast<uint8_t>(random()),
                             random() % 300,
                             {}};
      segment.data.resize(segment.size == 0 ? 0 : random() % segment.size);
      for (uint8_t& byte : segment.data) byte = static_cast<uint8_t>(random());
      program.segments.push_back(segment);
    }
    for (auto n = random() % 20; n > 0; --n)
      program.code.push_back(random() % 4 == 0 ? random_words(random)
                                               : random_legal(random, *program.config));
    const auto bytes = encode_program(program);
    const auto read = decode_program(bytes, "p");
    ASSERT_TRUE(read) << read.error().message;
    const auto again = assemble(disassemble_program(*read), "t", no_file);
    ASSERT_TRUE(again) << again.error().message;
    ASSERT_EQ(encode_program(*again), bytes);
  }
}

TEST(ProgramFile, EveryTruncationAndExtensionIsRefused) {
  auto bytes = encode_program(sample());
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = decode_program(std::span(bytes).first(length), "p");
    ASSERT_FALSE(cut) << length;
    ASSERT_TRUE(cut.error().message.starts_with("p: "));
  }
  bytes.push_back(0);
  const auto longer = decode_program(bytes, "p");
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().message, "p: 1 bytes after the end of the program");
}

std::string hash_text(uint32_t hash) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", hash);
  return text;
}

std::string decode_error(std::vector<uint8_t> bytes, size_t at, uint8_t value) {
  bytes[at] = value;
  const auto program = decode_program(bytes, "p");
  return program ? "" : program.error().message;
}

TEST(ProgramFile, ForeignAndStaleFilesAreNamed) {
  const auto bytes = encode_program(sample());
  EXPECT_EQ(decode_error(bytes, 0, 'X'), "p: not a Millrace program file");
  EXPECT_EQ(decode_error(bytes, 4, 9), "p: program file version 9; this build reads version 1");
  const std::string hash = hash_text(isa::find_config("base")->isa_hash);
  const std::string other = hash_text(isa::find_config("base")->isa_hash ^ 0xff);
  EXPECT_EQ(decode_error(bytes, 8, static_cast<uint8_t>(bytes[8] ^ 0xff)),
            "p: built for configuration base, hash " + other + "; this build has base with hash " +
                hash + ", assemble it again");
  EXPECT_EQ(decode_error(bytes, 12, 'B'),
            "p: built for configuration Base, hash " + hash +
                "; this build has no such configuration, assemble it again");
  EXPECT_TRUE(contains(decode_error(bytes, 17, 'x'), "no such configuration"));
  EXPECT_TRUE(contains(decode_error(bytes, 36, 0), "p: segment 0 is the driver's"));
  EXPECT_TRUE(contains(decode_error(bytes, 36, 99), "p: segment 99 does not exist"));
  EXPECT_TRUE(contains(decode_error(bytes, 36, 4), "p: segments are not in ascending order"));
  EXPECT_TRUE(contains(decode_error(bytes, 37, 4), "unknown permissions"));
  EXPECT_TRUE(
      contains(decode_error(bytes, 31, 0xff), "p: "));  // segment count: code taken for segments
  EXPECT_TRUE(contains(decode_error(bytes, 35, 0xff), "truncated"));  // instruction count
  EXPECT_TRUE(contains(decode_error(bytes, 43, 0xff), "larger than"));
  EXPECT_TRUE(contains(decode_error(bytes, 47, 0xff), "truncated"));
}

TEST(ProgramFile, RandomDamageNeverCrashes) {
  std::mt19937 random(10);
  const auto bytes = encode_program(sample());
  for (int i = 0; i < 20000; ++i) {
    auto damaged = bytes;
    for (auto n = 1 + random() % 4; n > 0; --n)
      damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
    const auto program = decode_program(damaged, "p");
    if (program) {
      ASSERT_EQ(encode_program(*program), damaged);
    }
  }
}

}  // namespace
}  // namespace millrace

// SPDX-License-Identifier: Apache-2.0
// The program as two processes: `millrace serve`, and the commands that use it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace {

class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("millrace_link_" + std::to_string(getpid()));
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override {
    if (server_ > 0) end();
    std::filesystem::remove_all(folder_);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string text(const std::string& name) const {
    std::ostringstream all;
    all << std::ifstream(path(name)).rdbuf();
    return all.str();
  }

  // Starts `millrace serve` and returns its address.
  std::string serve(const std::string& arguments) {
    std::filesystem::remove(path("serve.out"));
    server_ = fork();
    const std::string command = std::string("exec ") + MILLRACE_PROGRAM + " serve " + arguments +
                                " > " + path("serve.out") + " 2> " + path("serve.err");
    if (server_ == 0) {
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(127);
    }
    const std::string greeting = "listening on ";
    for (int i = 0; i < 500; ++i) {
      const std::string said = text("serve.out");
      if (said.starts_with(greeting) && said.ends_with("\n"))
        return said.substr(greeting.size(), said.size() - greeting.size() - 1);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "no greeting: " << text("serve.err");
    return "tcp://127.0.0.1:1";
  }
  // Ctrl-C. Its exit status, or -1 if it had to be killed.
  int end() {
    kill(server_, SIGINT);
    int status = 0;
    for (int i = 0; i < 300; ++i) {
      if (waitpid(server_, &status, WNOHANG) == server_) {
        server_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    kill(server_, SIGKILL);
    waitpid(server_, &status, 0);
    server_ = -1;
    return -1;
  }
  int call(const std::string& arguments) {
    const std::string command = std::string(MILLRACE_PROGRAM) + " " + arguments + " > " +
                                path("out") + " 2> " + path("err");
    const int status = std::system(command.c_str());
    out_ = text("out");
    err_ = text("err");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void refuses(const std::string& arguments, const std::string& part) {
    EXPECT_EQ(call(arguments), 2) << arguments << ": " << err_;
    EXPECT_NE(err_.find(part), std::string::npos) << err_;
    EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1) << err_;
    EXPECT_EQ(out_, "");
  }

  std::filesystem::path folder_;
  pid_t server_ = -1;
  std::string out_, err_;
};

constexpr const char* kRun =
    "run examples/digits/digits.tflite --input "
    "examples/digits/images/digit_7.pgm --device ";

TEST_F(Program, NetworksAndProductsOverTcpAndSerialLines) {
  for (const char* listen : {"127.0.0.1:0", "pty"}) {
    const std::string address =
        serve("--device cycle --config nano --memory onchip --listen " + std::string(listen));
    EXPECT_TRUE(
        address.starts_with(listen == std::string("pty") ? "serial:///dev/pts/" : "tcp://"));
    EXPECT_EQ(call(kRun + address + " --compare cycle"), 0) << err_ << out_;
    EXPECT_NE(out_.find(" cycles, the same\n"), std::string::npos) << out_;
    EXPECT_NE(out_.find("argmax         7\n"), std::string::npos) << out_;
    EXPECT_NE(out_.find("differences    0 of 10\n"), std::string::npos) << out_;
    EXPECT_EQ(call(kRun + address + " --compare ref"), 0) << err_ << out_;
    EXPECT_EQ(call("gemm 17 23 41 --device " + address + " --check --compare cycle"), 0) << err_;
    EXPECT_NE(out_.find(" cycles, the same\n"), std::string::npos) << out_;
    EXPECT_NE(out_.find("differences    0 of 782\n"), std::string::npos) << out_;
    EXPECT_EQ(call("compare examples/digits/digits.tflite --device " + address), 0) << err_;
    EXPECT_EQ(call("info --device " + address), 0) << err_;
    EXPECT_NE(out_.find("device " + address +
                        ": simulated machine, no clock, link version 1\n"
                        "configuration nano: ISA hash "),
              std::string::npos)
        << out_;
    EXPECT_NE(out_.find("131072 bytes of memory"), std::string::npos) << out_;
    EXPECT_EQ(end(), 0);
    EXPECT_EQ(text("serve.err"), "");
  }
}

TEST_F(Program, OtherCyclesGiveStatus1) {
  const std::string address =
      serve("--device cycle --config small --memory fixed:20:8 --listen 127.0.0.1:0");
  EXPECT_EQ(call("gemm 20 20 20 --device " + address + " --compare cycle"), 1);
  EXPECT_NE(out_.find(" cycles: they differ\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("differences    0 of 400\n"), std::string::npos) << out_;
  EXPECT_EQ(call("gemm 20 20 20 --device " + address + " --compare cycle --memory fixed:20:8"), 0);
  EXPECT_EQ(call("profile examples/digits/digits.tflite --device " + address), 0) << err_;
  EXPECT_NE(out_.find("Shares of the cycles"), std::string::npos) << out_;
  EXPECT_EQ(call("gemm 20 20 20 --device cycle --config nano --compare cycle"), 0) << err_;
}

TEST_F(Program, TheGoldenModelServesWithoutTime) {
  const std::string address = serve("--device ref --config small --listen 127.0.0.1:0");
  EXPECT_EQ(call(kRun + address + " --compare ref"), 0) << err_;
  EXPECT_EQ(out_.find("cycles"), std::string::npos) << out_;
  refuses("gemm 4 4 4 --device " + address + " --compare cycle", "counts no cycles");
}

TEST_F(Program, WhatDoesNotFitAMachineOutsideIsRefused) {
  const std::string address = serve("--config nano --listen 127.0.0.1:0");
  const std::string gemm = "gemm 4 4 4 --device " + address;
  refuses(gemm + " --config base", "has configuration nano, not base; leave --config out");
  refuses(gemm + " --config huge", "unknown configuration 'huge'");
  refuses(gemm + " --memory ideal", "has its own memory; with --compare cycle");
  refuses(gemm + " --memory fast --compare cycle", "memor");
  refuses(gemm + " --wave " + path("w.fst"), "--wave is for machines simulated in this process");
  refuses(gemm + " --timeline " + path("t.json"), "--timeline is for");
  refuses(gemm + " --kernel avx2", "--kernel is for");
  refuses("compare examples/digits/digits.tflite --device ref", "machine outside");
  refuses("gemm 4 4 4 --compare cycle", "ref has none");
  refuses("gemm 4 4 4 --compare rtl", "--compare takes 'ref' or 'cycle', not 'rtl'");
  // 64 rows of instructions: more than a quarter of the memory holds.
  std::ofstream(path("long.s")) << ".config nano\n"
                                << [] {
                                     std::string lines;
                                     for (int i = 0; i < 1100; ++i) lines += "vset\n";
                                     return lines;
                                   }();
  ASSERT_EQ(call("asm " + path("long.s") + " -o " + path("long.mrp")), 0) << err_;
  EXPECT_EQ(call("run " + path("long.mrp") + " --device " + address), 0) << err_;
  refuses("run " + path("long.mrp") + " --device " + address + " --compare cycle",
          "does not fit into a ring in a quarter of the machine's memory");
  std::ofstream(path("base.s")) << ".config base\nvset\n";
  ASSERT_EQ(call("asm " + path("base.s") + " -o " + path("base.mrp")), 0) << err_;
  refuses("run " + path("base.mrp") + " --device " + address,
          "built for configuration base; the machine at");
  EXPECT_EQ(end(), 0);
  refuses(gemm, "connection refused; is `millrace serve` running there?");
}

TEST_F(Program, ServeRefusesBadInput) {
  refuses("serve", "--listen");
  refuses("serve --listen here", "'here' is not HOST:PORT");
  refuses("serve --listen 127.0.0.1:0 --device cuda", "unknown device 'cuda'");
  refuses("serve --listen 127.0.0.1:0 --device tcp://127.0.0.1:1", "is outside it");
  refuses("serve --listen 127.0.0.1:0 --memory slow", "slow");
}

}  // namespace

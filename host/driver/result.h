// SPDX-License-Identifier: Apache-2.0
// Errors at the host boundary are values: one line that says what is wrong, where, and what to do.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace millrace {

// What went wrong. kInput: bad input from the user (exit status 2). kFailure: a check or the
// machine failed (exit status 1).
struct Error {
  enum class Kind { kInput, kFailure };
  std::string message;
  Kind kind = Kind::kInput;
};

inline Error input_error(std::string message) { return {std::move(message), Error::Kind::kInput}; }
inline Error failure(std::string message) { return {std::move(message), Error::Kind::kFailure}; }

// A value or an Error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}
  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  T& operator*() { return std::get<T>(state_); }
  const T& operator*() const { return std::get<T>(state_); }
  T* operator->() { return &std::get<T>(state_); }
  const T* operator->() const { return &std::get<T>(state_); }
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

// Success or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}
  explicit operator bool() const { return !error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace millrace

// SPDX-License-Identifier: Apache-2.0
#include "host/frontend/load_model.h"

#include <cmath>
#include <fstream>
#include <iterator>

#include "host/frontend/tflite_ops.h"

namespace millrace {
namespace {

DataType data_type(tfl::TensorType type) {
  switch (type) {
    case tfl::TensorType::INT8:
      return DataType::kInt8;
    case tfl::TensorType::UINT8:
      return DataType::kUint8;
    case tfl::TensorType::INT32:
      return DataType::kInt32;
    case tfl::TensorType::INT64:
      return DataType::kInt64;
    case tfl::TensorType::FLOAT32:
      return DataType::kFloat32;
    default:
      return DataType::kOther;
  }
}

class ModelReader {
 public:
  ModelReader(const std::string& name, std::span<const uint8_t> bytes)
      : name_(name), bytes_(bytes) {}

  Result<Graph> read() {
    if (Status ok = open(); !ok) return ok.error();
    graph_.name = name_;
    for (unsigned i = 0; i < subgraph_->tensors()->size(); ++i) {
      if (Status ok = add_tensor(static_cast<int>(i)); !ok) return ok.error();
    }
    graph_.input = subgraph_->inputs()->Get(0);
    graph_.output = subgraph_->outputs()->Get(0);
    for (int index : {graph_.input, graph_.output}) {
      if (index < 0 || index >= static_cast<int>(graph_.tensors.size()))
        return bad("its input or output names tensor " + std::to_string(index));
    }
    for (unsigned i = 0; i < subgraph_->operators()->size(); ++i) {
      Result<Op> op = read_operator(*model_, *subgraph_, graph_, static_cast<int>(i));
      if (!op) return input_error(name_ + ": " + op.error().message);
      graph_.ops.push_back(std::move(*op));
    }
    if (Status ok = check_order(); !ok) return ok.error();
    return std::move(graph_);
  }

 private:
  Error bad(const std::string& what) const { return input_error(name_ + ": " + what); }

  Status open() {
    if (bytes_.size() < 8 || !tfl::ModelBufferHasIdentifier(bytes_.data()))
      return bad("not a TensorFlow Lite model (no TFL3 mark); give a .tflite file");
    flatbuffers::Verifier verifier(bytes_.data(), bytes_.size());
    if (!tfl::VerifyModelBuffer(verifier))
      return bad("the file is damaged or cut short; fetch it again");
    model_ = tfl::GetModel(bytes_.data());
    if (model_->version() != 3)
      return bad("schema version " + std::to_string(model_->version()) + ", expected 3");
    const auto* subgraphs = model_->subgraphs();
    const unsigned count = subgraphs ? subgraphs->size() : 0;
    if (count != 1)
      return bad("has " + std::to_string(count) +
                 " subgraphs, expected 1; convert it without control flow");
    subgraph_ = subgraphs->Get(0);
    const auto size = [](const auto* v) { return v ? v->size() : 0; };
    if (!model_->buffers() || !model_->operator_codes() || !size(subgraph_->tensors()) ||
        !size(subgraph_->operators()))
      return bad("has no operators; give a complete model");
    if (size(subgraph_->inputs()) != 1 || size(subgraph_->outputs()) != 1)
      return bad("has " + std::to_string(size(subgraph_->inputs())) + " inputs and " +
                 std::to_string(size(subgraph_->outputs())) + " outputs, expected one of each");
    return {};
  }

  Status add_tensor(int index) {
    const auto* from = subgraph_->tensors()->Get(static_cast<unsigned>(index));
    Tensor t;
    t.name = from->name() ? from->name()->str() : "";
    const std::string label = "tensor " + std::to_string(index) + " '" + t.name + "'";
    t.type = data_type(from->type());
    int64_t count = 1;
    for (unsigned i = 0; from->shape() && i < from->shape()->size(); ++i) {
      const int size = from->shape()->Get(i);
      if (size < 1)
        return bad(label + " has a dimension of " + std::to_string(size) + "; fix the shape");
      t.shape.push_back(size);
      count *= size;
      if (count > int64_t{1} << 31) return bad(label + " is larger than 2 GiB");
    }
    if (const auto* q = from->quantization(); q && q->scale()) {
      t.scales.assign(q->scale()->begin(), q->scale()->end());
      for (float scale : t.scales) {
        if (!(scale >= 0) || !std::isfinite(scale)) return bad(label + " has an impossible scale");
      }
      if (Status ok = set_zero_point(*q, label, t); !ok) return ok;
    }
    if (from->buffer() >= model_->buffers()->size())
      return bad(label + " names buffer " + std::to_string(from->buffer()) +
                 ", which is not there");
    const auto* data = model_->buffers()->Get(from->buffer())->data();
    if (data && data->size() > 0) {
      t.data.assign(data->begin(), data->end());
      const int64_t expected = count * element_size(t.type);
      if (expected != 0 && static_cast<int64_t>(t.data.size()) != expected)
        return bad(label + " has " + std::to_string(t.data.size()) + " bytes, expected " +
                   std::to_string(expected));
    }
    graph_.tensors.push_back(std::move(t));
    return {};
  }

  Status set_zero_point(const tfl::QuantizationParameters& q, const std::string& label, Tensor& t) {
    if (!q.zero_point() || q.zero_point()->size() == 0) return {};
    const int64_t zero = q.zero_point()->Get(0);
    for (int64_t other : *q.zero_point()) {
      if (other != zero)
        return bad(label + " has a zero point for every channel; quantise it with one");
    }
    const int64_t lo = t.type == DataType::kUint8 ? 0 : -128;
    if (zero < lo || zero > lo + 255)
      return bad(label + " has zero point " + std::to_string(zero) + ", outside its type");
    t.zero_point = static_cast<int32_t>(zero);
    return {};
  }

  // Every operator reads what was there before it; the output is written.
  Status check_order() const {
    std::vector<bool> ready(graph_.tensors.size());
    ready[static_cast<size_t>(graph_.input)] = true;
    for (const Op& op : graph_.ops) {
      if (!ready[static_cast<size_t>(op.input)])
        return bad(op.name + " (operator " + std::to_string(op.position) +
                   ") reads a tensor that no earlier operator writes");
      if (ready[static_cast<size_t>(op.output)] || !graph_.tensor(op.output).data.empty())
        return bad(op.name + " (operator " + std::to_string(op.position) +
                   ") writes a tensor that has a value already");
      ready[static_cast<size_t>(op.output)] = true;
    }
    if (!ready[static_cast<size_t>(graph_.output)]) return bad("no operator writes its output");
    return {};
  }

  std::string name_;
  std::span<const uint8_t> bytes_;
  const tfl::Model* model_ = nullptr;
  const tfl::SubGraph* subgraph_ = nullptr;
  Graph graph_;
};

}  // namespace

Result<Graph> parse_model(const std::string& name, std::span<const uint8_t> bytes) {
  return ModelReader(name, bytes).read();
}

Result<Graph> load_model(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return input_error(path + ": cannot be read; check the path");
  const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return input_error(path + ": cannot be read; check the path");
  return parse_model(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace millrace

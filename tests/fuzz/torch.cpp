// PyTorch checkpoints (pickles and zip archives), up to the weights of EfficientNet-Lite0, and bare pickles.

#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/weights/torch/checkpoint.hpp>
#include <rcar/weights/torch/efficientnet_lite.hpp>

#include "target.hpp"

namespace rcar::fuzz {
namespace {

namespace torch = weights::torch;

Outcome read_checkpoint(std::string_view input) {
  const OwnBytes own(input);
  return taken_unless_refused([&] {
    const weights::Store store = torch::detail::read_bytes(own.bytes());
    for (const weights::Tensor& tensor : store.tensors())
      law(weights::element_count(tensor.shape) == tensor.values.size(), "a tensor has the values of its shape");
    taken_unless_refused(
        [&] { torch::convert_efficientnet_lite0(store, graph::graph_of<EfficientNetLite0<224>>.view()); });
  });
}

/// Every reference of a pickle is an object of it.
Outcome read_pickle(std::string_view input) {
  const OwnBytes own(input);
  return taken_unless_refused([&] {
    const torch::Pickle pickle = torch::read_pickle(own.bytes(), torch::state_dict_may_name);
    const auto inside = [&](torch::Ref ref) { law(ref < pickle.objects.size(), "a reference is an object's"); };
    inside(pickle.root);
    law(pickle.bytes <= input.size(), "a pickle ends inside its file");
    for (std::size_t i = 0; i < pickle.objects.size(); ++i) {
      const auto at = static_cast<torch::Ref>(i);
      if (const auto* tuple = pickle.get<torch::Tuple>(at))
        std::for_each(tuple->items.begin(), tuple->items.end(), inside);
      if (const auto* list = pickle.get<torch::List>(at)) std::for_each(list->items.begin(), list->items.end(), inside);
      if (const auto* call = pickle.get<torch::Call>(at)) {
        std::for_each(call->arguments.begin(), call->arguments.end(), inside);
        law(torch::state_dict_may_name(call->function), "a call is of a known function:", call->function);
      }
      if (const auto* dict = pickle.get<torch::Dict>(at))
        for (const auto& [name, value] : dict->items) inside(name), inside(value);
    }
    torch::StateDictReader(pickle).tensors();
  });
}

// 16 MiB is what a zip archive may grow to in any case; a pickle may hold four million references.
const Registered checkpoint({"torch_checkpoint", "torch_*.pth torch_wheel.whl", read_checkpoint, 256,
                             std::size_t{80} << 20});
const Registered pickle({"torch_pickle", "", read_pickle, 256, std::size_t{64} << 20});

}  // namespace
}  // namespace rcar::fuzz

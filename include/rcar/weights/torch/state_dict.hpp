#pragma once
/// What a state dict's pickle says about its tensors: name, storage, offset, size and strides.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "../store.hpp"
#include "pickle.hpp"
#include "storage_type.hpp"

namespace rcar::weights::torch {

/// A run of elements in one of a checkpoint's storages.
struct StorageView {
  const StorageType* type = nullptr;
  std::string key;             // names the storage
  std::uint64_t elements = 0;  // of the whole storage
  std::uint64_t begin = 0;     // of the view, in elements
  std::uint64_t length = 0;    // of the view
};

/// A tensor that is described but not read yet.
struct TensorView {
  std::string name;
  StorageView storage;
  std::uint64_t offset = 0;  // elements from the view's begin
  Shape shape;
  Shape strides;  // in elements
};

/// The classes and functions that a state dict may name.
inline bool state_dict_may_name(std::string_view name) {
  return name == "collections.OrderedDict" || name == "torch._utils._rebuild_tensor_v2" ||
         name == "torch._utils._rebuild_tensor" || name == "torch._utils._rebuild_parameter" || find_storage_type(name);
}

/// Reads tensors out of a pickle that read_pickle() returned with state_dict_may_name.
/// All members throw WeightsError: a clause without a full stop, as read_pickle() does.
class StateDictReader {
 public:
  explicit StateDictReader(const Pickle& pickle) : pickle_(pickle) {}

  /// The tensors of the state dict in its order. A training checkpoint holds one under "state_dict",
  /// "model_state_dict" or "model". Entries that are no tensors are left out.
  std::vector<TensorView> tensors() const {
    const Dict* dict = pickle_.get<Dict>(pickle_.root);
    if (!dict) throw WeightsError("it holds no dict of tensors");
    for (const std::string_view key : {"state_dict", "model_state_dict", "model"})
      for (const auto& [name, value] : dict->items) {
        const auto* text = pickle_.get<std::string>(name);
        const Dict* inner = pickle_.get<Dict>(value);
        if (text && *text == key && inner) return tensors_of(*inner);
      }
    return tensors_of(*dict);
  }

 private:
  static constexpr std::size_t max_tensors = std::size_t{1} << 16, longest_key = 256;

  std::vector<TensorView> tensors_of(const Dict& dict) const {
    std::vector<TensorView> out;
    std::set<std::string_view> names;
    for (const auto& [key, value] : dict.items) {
      const auto* name = pickle_.get<std::string>(key);
      if (!name || !pickle_.get<Call>(value)) continue;
      if (names.size() == max_tensors) throw WeightsError("it has more tensors than any network");
      if (!names.insert(*name).second) throw WeightsError("it has two tensors named " + quoted(*name));
      out.push_back(tensor(*name, value));
    }
    if (out.empty()) throw WeightsError("it holds no dict of tensors");
    return out;
  }

  /// _rebuild_parameter(tensor, requires_grad, hooks),
  /// _rebuild_tensor[_v2](storage, offset, size, stride[, requires_grad, hooks[, metadata]]).
  TensorView tensor(const std::string& name, Ref ref) const {
    const Call* call = pickle_.get<Call>(ref);
    if (call && call->function == "torch._utils._rebuild_parameter" && !call->arguments.empty())
      call = pickle_.get<Call>(call->arguments[0]);
    const bool rebuilds = call && call->function.starts_with("torch._utils._rebuild_tensor");
    if (!rebuilds || call->arguments.size() < 4)
      throw WeightsError("its entry " + quoted(name) + " is no plain tensor");
    TensorView view{name, storage(name, call->arguments[0]), 0, numbers(name, call->arguments[2]),
                    numbers(name, call->arguments[3])};
    view.offset = count(name, call->arguments[1]);
    check_bounds(view);
    return view;
  }

  /// ("storage", class, key, device, elements[, None or (view key, begin, length)])
  StorageView storage(const std::string& name, Ref ref) const {
    const auto* persistent = pickle_.get<Persistent>(ref);
    const Tuple* id = persistent ? pickle_.get<Tuple>(persistent->id) : nullptr;
    if (!id || id->items.size() < 5 || id->items.size() > 6)
      throw WeightsError("its tensor " + quoted(name) + " has no storage that rcar knows");
    const auto* kind = pickle_.get<std::string>(id->items[0]);
    const auto* type = pickle_.get<Global>(id->items[1]);
    const auto* key = pickle_.get<std::string>(id->items[2]);
    const StorageType* known = type ? find_storage_type(type->name) : nullptr;
    if (!kind || *kind != "storage" || !known || !key || key->size() > longest_key)
      throw WeightsError("its tensor " + quoted(name) + " has no storage that rcar knows");
    StorageView view{known, *key, count(name, id->items[4]), 0, 0};
    view.length = view.elements;
    if (id->items.size() == 6 && !pickle_.get<None>(id->items[5])) {
      const Tuple* part = pickle_.get<Tuple>(id->items[5]);
      if (!part || part->items.size() != 3)
        throw WeightsError("its tensor " + quoted(name) + " has no storage that rcar knows");
      view.begin = count(name, part->items[1]);
      view.length = count(name, part->items[2]);
      if (view.begin > view.elements || view.length > view.elements - view.begin) throw outside(name);
    }
    return view;
  }

  /// Every element lies inside the storage, and there are no more of them than the storage has, so that a few bytes
  /// cannot ask for much memory.
  static void check_bounds(const TensorView& view) {
    if (view.shape.size() != view.strides.size() || view.shape.size() > 8)
      throw WeightsError("its tensor " + quoted(view.name) + " has " + std::to_string(view.shape.size()) +
                         " dimensions and " + std::to_string(view.strides.size()) + " strides");
    std::uint64_t elements = 1, last = view.offset;
    bool empty = false, overflow = false;
    for (std::size_t i = 0; i < view.shape.size(); ++i) {
      empty = empty || view.shape[i] == 0;
      overflow = overflow || __builtin_mul_overflow(elements, view.shape[i], &elements);
      std::uint64_t reach = 0;
      overflow = overflow || __builtin_mul_overflow(view.shape[i] - 1, view.strides[i], &reach) ||
                 __builtin_add_overflow(last, reach, &last);
    }
    if (empty ? view.offset > view.storage.length
              : overflow || last >= view.storage.length || elements > view.storage.length)
      throw outside(view.name);
  }

  static WeightsError outside(const std::string& name) {
    return WeightsError("its tensor " + quoted(name) + " does not fit its storage");
  }

  std::uint64_t count(const std::string& name, Ref ref) const {
    const auto* value = pickle_.get<std::int64_t>(ref);
    if (!value || *value < 0) throw WeightsError("its tensor " + quoted(name) + " has a size that is no count");
    return static_cast<std::uint64_t>(*value);
  }
  Shape numbers(const std::string& name, Ref ref) const {
    const Tuple* tuple = pickle_.get<Tuple>(ref);
    if (!tuple) throw WeightsError("its tensor " + quoted(name) + " has a size that is no tuple");
    Shape out;
    for (const Ref item : tuple->items) out.push_back(count(name, item));
    return out;
  }

  const Pickle& pickle_;
};

}  // namespace rcar::weights::torch

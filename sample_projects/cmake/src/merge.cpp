#include "settings/settings.hpp"

namespace settings {

Value merge(const Value &below, const Value &above) {
    const auto *under = below.get<Section>();
    const auto *over = above.get<Section>();
    if (!under || !over) return above;
    Section result = *under;
    for (const auto &[key, value] : over->items()) {
        const Value *old = result.find(key);
        result[key] = old ? merge(*old, value) : value;
    }
    return Value(std::move(result));
}

}  // namespace settings

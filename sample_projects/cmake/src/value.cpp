#include "settings/value.hpp"

#include <algorithm>

#include "settings/text.h"

namespace settings {

const Value *Section::find(const std::string &key) const {
    const auto found = std::find_if(items_.begin(), items_.end(),
                                    [&key](const Item &item) { return item.first == key; });
    return found == items_.end() ? nullptr : &found->second;
}

Value *Section::find(const std::string &key) {
    return const_cast<Value *>(static_cast<const Section *>(this)->find(key));
}

Value &Section::operator[](const std::string &key) {
    if (Value *found = find(key)) return *found;
    items_.emplace_back(key, Value());
    return items_.back().second;
}

bool Section::operator==(const Section &other) const {
    return items_.size() == other.items_.size() &&
           std::all_of(items_.begin(), items_.end(), [&other](const Item &item) {
               const Value *found = other.find(item.first);
               return found && *found == item.second;
           });
}

const char *Value::kind() const {
    static const char *const names[] = {"null", "truth", "number", "text", "list", "section"};
    return names[data_.index()];
}

bool Value::is_scalar() const { return !get<List>() && !get<Section>(); }

std::uint64_t Value::hash() const {
    struct Hash {
        std::uint64_t operator()(std::nullptr_t) const { return 0; }
        std::uint64_t operator()(bool truth) const { return truth ? 1 : 2; }
        std::uint64_t operator()(double number) const { return hash_bytes(&number, sizeof number); }
        std::uint64_t operator()(const std::string &text) const {
            return hash_bytes(text.data(), text.size());
        }
        std::uint64_t operator()(const List &list) const {
            std::uint64_t sum = 3;
            for (const Value &value : list) sum = sum * 31 + value.hash();
            return sum;
        }
        // Equal sections may hold their keys in another order.
        std::uint64_t operator()(const Section &section) const {
            std::uint64_t sum = 5;
            for (const auto &[key, value] : section.items())
                sum += hash_bytes(key.data(), key.size()) ^ (value.hash() << 1);
            return sum;
        }
    };
    return std::visit(Hash{}, data_);
}

}  // namespace settings

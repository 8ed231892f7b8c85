// A settings value: null, truth, number, text, list or section.
#ifndef SETTINGS_VALUE_HPP
#define SETTINGS_VALUE_HPP

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace settings {

class Value;
using List = std::vector<Value>;

// Keeps the order in which keys were added.
class Section {
public:
    using Item = std::pair<std::string, Value>;

    const Value *find(const std::string &key) const;
    Value *find(const std::string &key);
    Value &operator[](const std::string &key);
    const std::vector<Item> &items() const { return items_; }
    bool operator==(const Section &other) const;

private:
    std::vector<Item> items_;
};

class Value {
public:
    using Data = std::variant<std::nullptr_t, bool, double, std::string, List, Section>;

    Value() : data_(nullptr) {}
    Value(Data data) : data_(std::move(data)) {}

    template <class T>
    const T *get() const { return std::get_if<T>(&data_); }
    template <class T>
    T *get() { return std::get_if<T>(&data_); }

    const char *kind() const;
    bool is_scalar() const;
    std::uint64_t hash() const;
    bool operator==(const Value &other) const { return data_ == other.data_; }

private:
    Data data_;
};

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace settings
#endif

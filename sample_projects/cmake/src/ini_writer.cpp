#include <sstream>

#include "settings/settings.hpp"
#include "settings/text.h"

namespace settings {
namespace {

bool is_plain(const std::string &text) {
    double number;
    return !text.empty() && text.find_first_of(",;#\"\\\n") == std::string::npos &&
           text.front() != ' ' && text.back() != ' ' && text != "true" && text != "false" &&
           !number_parse(text.data(), text.size(), &number);
}

std::string scalar_text(const Value &value) {
    const auto *text = value.get<std::string>();
    if (text && is_plain(*text)) return *text;
    return value.get<std::nullptr_t>() ? "" : write_json(value, 0);
}

void write_item(std::ostream &out, const std::string &key, const Value &value) {
    out << key << " = ";
    if (const auto *list = value.get<List>()) {
        for (std::size_t i = 0; i < list->size(); i++) {
            if (!(*list)[i].is_scalar()) throw Error(key + ": an INI list holds scalars only");
            out << (i > 0 ? ", " : "") << scalar_text((*list)[i]);
        }
    } else {
        out << scalar_text(value);
    }
    out << '\n';
}

}  // namespace

std::string write_ini(const Value &value) {
    const auto *top = value.get<Section>();
    if (!top) throw Error(std::string("an INI file holds a section, not a ") + value.kind());
    std::ostringstream out;
    for (const auto &[key, item] : top->items())
        if (!item.get<Section>()) write_item(out, key, item);
    for (const auto &[name, item] : top->items()) {
        const auto *section = item.get<Section>();
        if (!section) continue;
        out << "\n[" << name << "]\n";
        for (const auto &[key, inner] : section->items()) {
            if (inner.get<Section>()) throw Error(name + "." + key + ": INI sections do not nest");
            write_item(out, key, inner);
        }
    }
    return out.str();
}

}  // namespace settings

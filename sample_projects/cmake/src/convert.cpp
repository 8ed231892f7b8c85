#include <map>

#include "settings/settings.hpp"

namespace settings {

Format format_of_name(const std::string &name) {
    static const std::map<std::string, Format> formats = {
        {"ini", Format::ini}, {"conf", Format::ini}, {"json", Format::json}};
    const auto found = formats.find(name.substr(name.rfind('.') + 1));
    if (found == formats.end()) throw Error(name + ": expected ini or json");
    return found->second;
}

Value read(const std::string &text, Format format) {
    return format == Format::ini ? read_ini(text) : read_json(text);
}

std::string write(const Value &value, Format format) {
    return format == Format::ini ? write_ini(value) : write_json(value) + "\n";
}

}  // namespace settings

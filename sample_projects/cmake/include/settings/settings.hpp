// Reading, writing, merging and asking settings.
#ifndef SETTINGS_SETTINGS_HPP
#define SETTINGS_SETTINGS_HPP

#include "settings/value.hpp"

namespace settings {

Value read_ini(const std::string &text);
Value read_json(const std::string &text);
std::string write_ini(const Value &value);
std::string write_json(const Value &value, int indent = 2);

enum class Format { ini, json };

Format format_of_name(const std::string &name);  // "json", or a path ending in .json
Value read(const std::string &text, Format format);
std::string write(const Value &value, Format format);

// Lays one over the other; sections merge, everything else is replaced.
Value merge(const Value &below, const Value &above);

// The value at "section.key.0"; nullptr when there is none.
const Value *query(const Value &value, const std::string &path);

}  // namespace settings
#endif

#include <sstream>

#include "settings/settings.hpp"
#include "settings/text.h"

namespace settings {

const Value *query(const Value &value, const std::string &path) {
    const Value *current = &value;
    std::istringstream parts(path);
    for (std::string part; current && std::getline(parts, part, '.');) {
        if (const auto *section = current->get<Section>()) {
            current = section->find(part);
        } else if (const auto *list = current->get<List>()) {
            double index;
            const bool is_index = number_parse(part.data(), part.size(), &index) && index >= 0;
            current = is_index && index < static_cast<double>(list->size())
                          ? &(*list)[static_cast<std::size_t>(index)]
                          : nullptr;
        } else {
            current = nullptr;
        }
    }
    return current;
}

}  // namespace settings

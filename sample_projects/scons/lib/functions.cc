#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <unordered_map>

#include "tree.h"

namespace calc {
namespace {

using Arguments = std::vector<double>;

struct Function {
    std::size_t least;
    std::size_t most;
    std::function<double(const Arguments &)> body;
};

Function unary(double (*function)(double)) {
    return {1, 1, [function](const Arguments &a) { return function(a[0]); }};
}

const std::unordered_map<std::string, Function> &functions() {
    constexpr std::size_t any = 1000;
    static const std::unordered_map<std::string, Function> table = {
        {"sqrt", unary(std::sqrt)},
        {"sin", unary(std::sin)},
        {"cos", unary(std::cos)},
        {"tan", unary(std::tan)},
        {"exp", unary(std::exp)},
        {"abs", unary(std::fabs)},
        {"floor", unary(std::floor)},
        {"ceil", unary(std::ceil)},
        {"log", {1, 2, [](const Arguments &a) {
             return a.size() == 1 ? std::log(a[0]) : std::log(a[0]) / std::log(a[1]);
         }}},
        {"hypot", {2, 2, [](const Arguments &a) { return std::hypot(a[0], a[1]); }}},
        {"min", {1, any, [](const Arguments &a) { return *std::min_element(a.begin(), a.end()); }}},
        {"max", {1, any, [](const Arguments &a) { return *std::max_element(a.begin(), a.end()); }}},
        {"sum", {0, any, [](const Arguments &a) { return std::accumulate(a.begin(), a.end(), 0.0); }}},
        {"pi", {0, 0, [](const Arguments &) { return std::acos(-1.0); }}},
    };
    return table;
}

}  // namespace

double call_function(const std::string &name, const std::vector<double> &arguments) {
    const auto found = functions().find(name);
    if (found == functions().end()) throw Error("no function " + name);
    const Function &function = found->second;
    if (arguments.size() < function.least || arguments.size() > function.most)
        throw Error(name + " does not take " + std::to_string(arguments.size()) + " arguments");
    return function.body(arguments);
}

}  // namespace calc

#include <memory>

#include "assembler.hpp"

namespace tinyvm {

std::vector<long long> run(const Code &code, unsigned long long most_steps) {
    std::vector<long long> printed;
    // Too large for comfort on the stack.
    const auto machine = std::make_unique<vm>();
    vm_init(machine.get(), code.data(), code.size());
    machine->context = &printed;
    machine->print = [](void *context, std::int64_t value) {
        static_cast<std::vector<long long> *>(context)->push_back(value);
    };
    const vm_status status = vm_run(machine.get(), most_steps);
    if (status != VM_HALTED)
        throw Error("address " + std::to_string(machine->at) + ": " + vm_status_text(status));
    return printed;
}

}  // namespace tinyvm

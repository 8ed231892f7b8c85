#include "vm.h"

const char *vm_status_text(enum vm_status status) {
    switch (status) {
    case VM_HALTED: return "halted";
    case VM_RUNNING: return "running";
    case VM_STACK: return "stack empty or full";
    case VM_ADDRESS: return "address outside of the program or memory";
    case VM_DIVISION: return "division by zero";
    case VM_CALLS: return "calls too deep, or a return without one";
    case VM_STEPS: return "too many steps";
    }
    return "unknown";
}

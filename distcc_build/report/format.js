// Figures as people read them.  Times are microseconds.

function duration(time) {
  const seconds = Math.abs(time) / 1e6;
  if (seconds < 0.0995) return `${(seconds * 1000).toFixed(seconds < 0.00995 ? 1 : 0)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

// Steps that an axis of time can have.
const STEPS = [1, 2, 5].flatMap((digit) => [1, 10, 100, 1e3, 1e4, 1e5].map((unit) => digit * unit));
STEPS.push(...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000, 86400].map((seconds) => seconds * 1e6));
STEPS.sort((one, other) => one - other);

const stepFor = (span, number) => STEPS.find((step) => step * number >= span) ?? STEPS.at(-1);

// A time since the build began, as exact as the step between two; minutes if the build took some.
function instant(time, step) {
  const digits = step >= 1e6 ? 0 : step >= 1e5 ? 1 : step >= 1e4 ? 2 : 3;
  const seconds = time / 1e6;
  if (build.took < 120e6) return `${seconds.toFixed(digits)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - minutes * 60).toFixed(digits);
  return `${minutes}:${rest.padStart(digits ? digits + 3 : 2, "0")}`;
}

function bytes(size) {
  if (size < 1000) return `${size} bytes`;
  const unit = size < 1e6 ? [1e3, "kB"] : [1e6, "MB"];
  const number = size / unit[0];
  return `${number.toFixed(number < 9.995 ? 2 : number < 99.95 ? 1 : 0)} ${unit[1]}`;
}

const whole = (number) => number.toLocaleString("en-US");
const share = (part, of) => (of ? `${Math.round((100 * part) / of)} %` : "0 %");
const many = (number, one, more) => `${whole(number)} ${number === 1 ? one : more}`;

// As the shell has it, and what it means.
function ending(status) {
  if (status === null) return "not known";
  if (status === 0) return "0";
  return status < 0 ? `signal ${-status}` : `exit ${status}`;
}

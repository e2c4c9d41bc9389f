// The reference in the colours that the system is set to.
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.querySelector("rapi-doc").setAttribute("theme", dark.matches ? "dark" : "light");
dark.addEventListener("change", paint);
paint();

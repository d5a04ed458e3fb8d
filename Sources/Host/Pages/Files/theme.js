// Before the first paint: a theme chosen by hand wins over the system's.
const chosen = localStorage.getItem("roost.theme");
if (chosen) document.documentElement.dataset.theme = chosen;
if (localStorage.getItem("roost.sidebar") === "closed") document.documentElement.dataset.sidebar = "closed";

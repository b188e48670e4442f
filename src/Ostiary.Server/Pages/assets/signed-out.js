// Goes on to the app as soon as every app in this page was reached; without scripts the page goes on by itself after a while.
addEventListener("load", () => document.getElementById("onward").click());

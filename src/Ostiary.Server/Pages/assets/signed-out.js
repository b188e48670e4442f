"use strict";
// Goes on to the app, once: as soon as every app in this page was reached, or when those that are left have had their time.
const seconds = Number(document.currentScript.dataset.patience);
const onward = document.getElementById("onward");
let gone = false;
const goOn = () => {
  if (!gone) onward.click();
  gone = true;
};
addEventListener("load", goOn);
setTimeout(goOn, seconds * 1000);

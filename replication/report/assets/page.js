"use strict";
(function () {
  const root = document.getElementById("explorer");
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const slider = document.getElementById("explorer-n");
  const shown = document.getElementById("explorer-n-shown");
  const words = document.getElementById("explorer-words");
  const chart = document.getElementById("explorer-chart");
  const rules = data.order;
  const value = data.reported.value;
  const text = data.reported.text;
  let rule = rules[0];

  function number(x, digits) {
    const text = x.toPrecision(digits || 3);
    return text.includes("e") ? String(Number(text)) : text;
  }

  function percent(share) {
    if (share < 0.0001) return "fewer than 0.01 %";
    if (share > 0.9999) return "more than 99.99 %";
    return String(Number((100 * share).toPrecision(2))) + "\u202f%";
  }

  function describe(n, law) {
    const above = value > data.mean[rule];
    const tail = above ? 1 - law.missed : law.below;
    const inside = value >= law.low && value <= law.high;
    const place = inside ? "inside" : value > law.high ? "above" : "below";
    const range = n === 1
      ? "95 % of single runs lie between "
      : "95 % of studies report a mean between ";
    const verdict = law.p > data.significance
      ? "So " + text + " is compatible with n = " + n + "."
      : "So " + text + " would be a surprise for n = " + n + ".";
    return range + number(law.low) + " and " + number(law.high) + ": the reported " + text +
      " lies " + place + " that range. Of such studies " + percent(tail) + " would report " + text + " or " +
      (above ? "more" : "less") + ", " + percent(law.chance) + " exactly " + text +
      "; p(n) " + (law.p < 0.001 ? "is below 0.001" : "= " + number(law.p, 2)) + ". " + verdict;
  }

  function draw(n, law) {
    const width = Math.max(chart.clientWidth, 260);
    const height = 210;
    const floor = height - 46;
    const largest = Math.max.apply(null, rules.map((name) => data.mean[name]).concat(value));
    const start = 0;
    const end = 2.5 * largest;
    const x = (v) => 8 + (width - 16) * (Math.min(Math.max(v, start), end) - start) / (end - start);
    const y = (h) => floor - (floor - 34) * h;
    let path = "M" + x(law.start).toFixed(1) + " " + floor;
    law.heights.forEach(function (h, i) {
      const left = law.start + i * law.step;
      path += "L" + x(left).toFixed(1) + " " + y(h).toFixed(1) +
        "L" + x(left + law.step).toFixed(1) + " " + y(h).toFixed(1);
    });
    path += "L" + x(law.start + law.heights.length * law.step).toFixed(1) + " " + floor + "Z";
    const step = end > 400 ? 100 : end > 160 ? 50 : width < 420 ? 40 : 20;
    let ticks = "";
    for (let t = 0; t <= end; t += step) {
      const anchor = t === 0 ? "start" : x(t) > width - 20 ? "end" : "middle";
      ticks += '<line class="axis" x1="' + x(t) + '" x2="' + x(t) + '" y1="' + floor + '" y2="' +
        (floor + 5) + '"/><text x="' + x(t) + '" y="' + (floor + 19) +
        '" text-anchor="' + anchor + '">' + t + "</text>";
    }
    const at = x(value).toFixed(1);
    chart.innerHTML =
      '<svg role="img" aria-label="Law of the mean of ' + n + " runs; 95 % between " +
      number(law.low) + " and " + number(law.high) + '" width="' + width + '" height="' + height +
      '" viewBox="0 0 ' + width + " " + height + '">' +
      '<path class="law" d="' + path + '"/>' +
      '<line class="axis" x1="8" x2="' + (width - 8) + '" y1="' + floor + '" y2="' + floor + '"/>' +
      ticks +
      '<line class="band" x1="' + x(law.low) + '" x2="' + x(law.high) + '" y1="' + floor +
      '" y2="' + floor + '"/>' +
      '<line class="reported" x1="' + at + '" x2="' + at + '" y1="22" y2="' + floor + '"/>' +
      '<text class="reported" x="' + at + '" y="14" text-anchor="middle">reported: ' + text +
      "</text>" +
      '<text x="8" y="' + (height - 6) + '">mean updates; thick line: 95 % of studies</text></svg>';
  }

  function update() {
    const n = data.n[Number(slider.value)];
    const law = data.rules[rule][Number(slider.value)];
    shown.textContent = String(n);
    slider.setAttribute("aria-valuetext", n + (n === 1 ? " run" : " runs"));
    words.textContent = describe(n, law);
    draw(n, law);
  }

  rules.forEach(function (name) {
    const label = document.createElement("label");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "explorer-rule";
    radio.value = name;
    radio.checked = name === rule;
    radio.addEventListener("change", function () {
      rule = name;
      update();
    });
    label.append(radio, " " + data.labels[name]);
    document.getElementById("explorer-rules").append(label);
  });
  slider.max = String(data.n.length - 1);
  slider.value = String(Math.max(data.n.indexOf(20), 0));
  slider.addEventListener("input", update);
  root.hidden = false;
  update();
  window.addEventListener("resize", update);
})();

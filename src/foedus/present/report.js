(function () {
  "use strict";
  var root = document.documentElement;
  var each = Array.prototype.forEach;

  // Light and dark.
  var button = document.querySelector("button.theme");
  function dark() {
    var chosen = root.getAttribute("data-theme");
    return chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  }
  function label() {
    button.textContent = dark() ? "Light colours" : "Dark colours";
  }
  button.addEventListener("click", function () {
    root.setAttribute("data-theme", dark() ? "light" : "dark");
    label();
  });
  label();

  // What is folded opens where a link or a hit leads.
  function show(element) {
    for (var part = element; part; part = part.parentElement) {
      if (part.tagName === "DETAILS") { part.open = true; }
    }
    element.scrollIntoView();
  }
  function follow() {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) { show(target); }
  }
  window.addEventListener("hashchange", follow);
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("a");
    var place = link && link.getAttribute("href");
    // a link to where the page stands already changes no address
    if (place && place === location.hash) { follow(); }
  });
  follow();
  var all = document.querySelector("button.open-all");
  all.addEventListener("click", function () {
    var open = all.getAttribute("aria-pressed") !== "true";
    each.call(document.querySelectorAll("main details"), function (part) { part.open = open; });
    all.setAttribute("aria-pressed", String(open));
    all.textContent = open ? "Fold everything" : "Open everything";
  });

  // Search: the first places of each section whose text holds the words.
  var find = document.querySelector(".find input");
  var hits = document.querySelector(".hits");
  var contents = document.querySelector(".contents");
  var MOST = 4;
  var AROUND = 28;
  function words(element) {
    var parts = element.cells ? Array.prototype.map.call(element.cells, function (cell) { return cell.textContent; }) : [element.textContent];
    return parts.join(" · ").replace(/\s+/g, " ").trim();
  }
  var places = [];
  each.call(document.querySelectorAll("main section, main details.fold"), function (section) {
    var heading = section.querySelector("h1, h2");
    var blocks = section.querySelectorAll("h1, h2, h3, p, li, tr, dd, blockquote, figcaption, caption, svg text");
    each.call(blocks, function (block) {
      places.push({ section: section, heading: words(heading || section).slice(0, 60), block: block, text: words(block) });
    });
  });
  function hit(place, at, length) {
    var item = document.createElement("li");
    var link = document.createElement("button");
    var where = document.createElement("b");
    var from = Math.max(0, at - AROUND);
    var to = at + length + AROUND;
    where.textContent = place.heading;
    link.type = "button";
    link.appendChild(where);
    link.appendChild(document.createTextNode(
      (from ? "…" : "") + place.text.slice(from, to) + (to < place.text.length ? "…" : "")));
    link.addEventListener("click", function () {
      each.call(document.querySelectorAll(".hit"), function (other) { other.classList.remove("hit"); });
      place.block.classList.add("hit");
      show(place.block);
    });
    item.appendChild(link);
    hits.appendChild(item);
  }
  find.addEventListener("input", function () {
    var sought = find.value.trim().toLowerCase();
    var counted = new Map();
    hits.textContent = "";
    contents.hidden = sought.length > 1;
    hits.hidden = !contents.hidden;
    if (hits.hidden) { return; }
    places.forEach(function (place) {
      var at = place.text.toLowerCase().indexOf(sought);
      var told = counted.get(place.section) || 0;
      if (at < 0 || told >= MOST) { return; }
      counted.set(place.section, told + 1);
      hit(place, at, sought.length);
    });
    if (!hits.firstChild) {
      hits.appendChild(document.createElement("li")).textContent = "Nothing here says that.";
    }
  });

  // Tables sort by the column whose head is pressed.
  function key(row, column) {
    var cell = row.cells[column];
    var text = cell.getAttribute("data-sort") || cell.textContent.trim();
    var plain = text.replace("\u2212", "-").replace(/[,%]/g, "");
    return plain !== "" && isFinite(plain) ? Number(plain) : text.toLowerCase();
  }
  function compare(a, b) {
    if (typeof a === typeof b) { return a < b ? -1 : a > b ? 1 : 0; }
    return typeof a === "number" ? -1 : 1;
  }
  each.call(document.querySelectorAll("table.sortable"), function (table) {
    var heads = table.tHead.rows[0].cells;
    each.call(heads, function (head, column) {
      if (!head.textContent.trim()) { return; }
      var control = document.createElement("button");
      control.type = "button";
      control.title = "Sort by this column";
      while (head.firstChild) { control.appendChild(head.firstChild); }
      head.appendChild(control);
      control.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        each.call(heads, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var rows = Array.prototype.slice.call(table.tBodies[0].rows);
        rows.sort(function (a, b) { return (down ? -1 : 1) * compare(key(a, column), key(b, column)); });
        rows.forEach(function (row) { table.tBodies[0].appendChild(row); });
      });
    });
  });
})();

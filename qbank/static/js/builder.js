// The builder: counts next to every choice follow the choices, and the time limit is worked out before the start.

const PAUSE = 150; // ms after the last change before the server is asked

/** Write seconds as "30 min" or "19 min 30 s" or "1 h 05 min". The same words as the server's. */
export function durationText(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  if (!minutes) return `${rest} s`;
  return rest ? `${minutes} min ${String(rest).padStart(2, "0")} s` : `${minutes} min`;
}

/** The computed limit in words; "" where no number of items is given. */
export function limitText(timed, count, pace, percent) {
  if (!timed) return "No time limit. You can leave the block and come back to it.";
  if (!(count > 0)) return "";
  const base = `${count} ${count === 1 ? "item" : "items"} × ${pace} s = ${durationText(count * pace)}`;
  if (percent === 100) return base;
  return `${base}, with your time allowance ${durationText(Math.floor((count * pace * percent) / 100))}`;
}

class Builder {
  constructor(form) {
    this.form = form;
    this.paces = JSON.parse(form.dataset.paces);
    this.percent = Number(form.dataset.timePercent);
    this.asked = 0;
    this.timer = null;
  }

  start() {
    this.form.querySelector("[data-update]").hidden = true;
    this.form.addEventListener("input", () => this.showLimit());
    this.form.addEventListener("change", (event) => {
      this.showLimit();
      if (event.target.closest(".builder__filters")) this.later();
    });
    window.addEventListener("pageshow", () => {
      this.showLimit();
      this.refresh(); // after Back the browser restores choices, but not the counts that belong to them
    });
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), PAUSE);
  }

  filters() {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) {
      if (this.form.querySelector(`[data-filter="${name}"]`) || name === "not_seen_days") query.append(name, value);
    }
    return query;
  }

  async refresh() {
    const turn = (this.asked += 1);
    try {
      const response = await fetch(`${this.form.dataset.countsUrl}?${this.filters()}`, {
        headers: { Accept: "application/json" },
      });
      if (!response.ok) throw new Error(String(response.status));
      const counts = await response.json();
      if (turn === this.asked) this.show(counts);
    } catch {
      if (turn !== this.asked) return;
      this.form.querySelector("[data-update]").hidden = false; // the way that needs no script
    }
  }

  show(counts) {
    const total = this.form.querySelector("[data-total]");
    const changed = total.textContent !== counts.total.toLocaleString("en");
    total.textContent = counts.total.toLocaleString("en");
    this.form.querySelector("[data-total-word]").textContent = `${counts.total === 1 ? "item" : "items"} eligible`;
    if (changed) this.form.querySelector("[data-total-spoken]").textContent = `${counts.total} eligible`;
    for (const group of this.form.querySelectorAll("[data-filter]")) {
      for (const input of group.querySelectorAll("input")) {
        const place = document.getElementById(`${input.id}-note`)?.querySelector("[data-n]");
        if (place) place.textContent = (counts[group.dataset.filter][input.value] ?? 0).toLocaleString("en");
      }
    }
  }

  showLimit() {
    const data = new FormData(this.form);
    const pace = this.paces[data.get("preset")];
    const text = limitText(data.get("timing") === "timed", Number(data.get("count")), pace, this.percent);
    this.form.querySelector("[data-limit]").textContent = text;
  }
}

const form = document.querySelector("[data-builder]");
if (form) new Builder(form).start();

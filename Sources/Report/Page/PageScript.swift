/// What shows a page's samples: filters, sorts, and plays them. It asks nobody for anything.
enum PageScript {
    static let text = #"""

        (() => {
        "use strict";
        const { runs, samples } = JSON.parse(document.getElementById("data").textContent);
        const form = document.getElementById("filters"), list = document.getElementById("list");
        const perPage = 24;
        let page = 0, found = [], playing = null;

        // An element with properties, attributes and children.
        const make = (name, properties = {}, ...children) => {
          const element = document.createElement(name);
          for (const [key, value] of Object.entries(properties)) {
            if (key in element) element[key] = value; else element.setAttribute(key, value);
          }
          element.append(...children.filter(child => child !== null && child !== undefined));
          return element;
        };
        const draw = (name, attributes = {}, ...children) => {
          const element = document.createElementNS("http://www.w3.org/2000/svg", name);
          for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
          element.append(...children);
          return element;
        };
        const results = sample => sample.results.filter(result => result);
        const isShown = sample => sample.given || results(sample).some(result => result.made);
        const value = (result, name) => !result ? undefined : name === "score" ? result.score
          : name === "loss" ? result.losses[result.losses.length - 1] : (result.values || {})[name];

        // ---- what is played: one thing at a time
        const stop = () => {
          if (playing) { playing.media.pause(); playing.queue = []; playing = null; }
          for (const button of document.querySelectorAll("button[aria-pressed=true]")) button.setAttribute("aria-pressed", "false");
        };
        const play = (media, button, queue = []) => {
          const was = playing && playing.button === button;
          stop();
          if (was && !queue.again) return;
          playing = { media, button, queue };
          button.setAttribute("aria-pressed", "true");
          const [from, to] = media.range || [0, Infinity];
          if (media.currentTime < from || media.currentTime >= Math.min(to, media.duration || Infinity) - 0.05) media.currentTime = from;
          media.play().catch(() => stop());
        };
        const next = media => {
          if (!playing || playing.media !== media) return;
          const { button, queue } = playing;
          stop();
          if (queue.length) { const rest = queue.slice(1); rest.again = true; play(queue[0], button, rest); }
        };
        const prepare = (media, range) => {
          media.range = range;
          media.preload = "none";
          media.addEventListener("ended", () => next(media));
          media.addEventListener("timeupdate", () => {
            const [from, to] = media.range || [0, Infinity];
            if (media.currentTime >= to) { media.pause(); next(media); }
            if (media.moved) media.moved(media.currentTime - from);
          });
          return media;
        };

        // ---- one thing to look at or listen to
        const sound = (drawn, media, name) => {
          const head = make("span", { className: "head" });
          const points = drawn.wave.length / 2;
          let path = "";
          for (let i = 0; i < points; i++) {
            const low = 50 - drawn.wave[2 * i] / 2, high = 50 - drawn.wave[2 * i + 1] / 2;
            path += `M${i} ${high}h1V${Math.max(low, high + 0.6)}h-1z`;
          }
          const picture = draw("svg", { viewBox: `0 0 ${points} 100`, preserveAspectRatio: "none", "aria-hidden": "true" },
            draw("path", { d: path, class: "wave" }),
            ...drawn.onsets.map(t => draw("line", { class: "onset", x1: t / drawn.seconds * points, x2: t / drawn.seconds * points, y1: 0, y2: 100 })));
          const button = make("button", { type: "button", className: "sound", "aria-pressed": "false",
            "aria-label": `${name}: sound of ${drawn.seconds.toFixed(1)} seconds, ${drawn.onsets.length} onsets; plays from where it is clicked` },
            drawn.mel ? make("img", { src: drawn.mel, alt: "", loading: "lazy" }) : null, picture, head);
          if (media) {
            media.moved = seconds => { head.style.left = `${Math.min(100, 100 * seconds / drawn.seconds)}%`; };
            button.addEventListener("click", event => {
              const box = button.getBoundingClientRect(), from = media.range ? media.range[0] : 0;
              const isPlaying = playing && playing.button === button;
              if (!isPlaying && event.detail > 0) media.currentTime = from + (event.clientX - box.left) / box.width * drawn.seconds;
              play(media, button);
            });
          } else button.disabled = true;
          return button;
        };
        const figure = (media, title, on, facts) => {
          const box = make("figure", { className: on ? "on" : "" }, make("figcaption", {}, title));
          let player = null;
          if (media && media.kind === "video" && media.file) {
            player = prepare(make("video", { src: media.file, poster: media.poster || "", playsInline: true, muted: !on,
              "aria-label": `${title}: video` }), media.window);
            const button = make("button", { type: "button", "aria-pressed": "false" }, on ? "Play" : "Play without sound");
            button.addEventListener("click", () => play(player, button));
            player.addEventListener("click", () => play(player, button));
            box.append(player);
            if (media.sound) box.append(sound(media.sound, player, title));
            box.append(button);
          } else if (media && media.kind === "audio") {
            player = media.file ? prepare(make("audio", { src: media.file }), media.window) : null;
            if (player) box.append(player);
            if (media.sound) box.append(sound(media.sound, player, title));
          } else if (media && (media.file || media.poster)) {
            box.append(make("img", { src: media.file || media.poster, alt: `${title}: picture`, loading: "lazy" }));
            if (media.sound) box.append(sound(media.sound, null, title));
          }
          if (media && media.note) box.append(make("p", { className: "facts" }, media.note));
          box.append(...facts);
          return { box, player };
        };
        const fact = (name, text) => make("p", { className: "facts" }, `${name} `, make("b", {}, text));
        const curve = losses => {
          const low = Math.min(...losses), high = Math.max(...losses), span = high - low || 1;
          const path = losses.map((loss, i) => `${i ? "L" : "M"}${100 * i / Math.max(1, losses.length - 1)} ${38 - 36 * (loss - low) / span}`);
          return draw("svg", { class: "curve", viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img",
            "aria-label": `losses of ${losses.length} guided steps, from ${losses[0].toFixed(3)} to ${losses[losses.length - 1].toFixed(3)}` },
            draw("path", { d: path.join("") }));
        };
        const said = result => {
          if (!result) return [fact("", "not in this run")];
          if (result.state === "pending") return [fact("", "not made yet")];
          const out = [];
          if (result.state === "failed") out.push(make("p", { className: "facts bad" }, `${result.kind}: ${result.message}`));
          if (result.score !== undefined) out.push(fact("binder's score", result.score.toFixed(3) + (result.inObjective ? ", in the objective" : "")));
          for (const [name, number] of Object.entries(result.values || {})) out.push(fact(name, number.toPrecision(4)));
          if (result.caption) out.push(fact("made from", `“${result.caption}”`));
          if (result.words) out.push(fact("words", result.words.slice(0, 3).map(word => `${word.text} ${Math.round(100 * word.weight)} %`).join("; ")));
          if (result.losses.length > 1) out.push(curve(result.losses));
          return out;
        };

        // ---- a sample
        const article = sample => {
          const made = sample.results.map((result, i) => figure(result && result.made, runs[i], true, said(result)));
          const given = sample.given ? [figure(sample.given, "Given", false, [])] : [];
          const all = [...given, ...made], players = all.map(part => part.player).filter(player => player);
          const head = make("div", { className: "head" }, make("h3", {}, sample.key),
            make("span", { className: "quiet" }, [sample.task, sample.duration ? `${sample.duration.toFixed(1)} s` : "", `seed ${sample.seed}`].filter(x => x).join(" · ")));
          if (players.length > 1) {
            const button = make("button", { type: "button", "aria-pressed": "false", className: "all" }, "Play all, one after the other");
            button.addEventListener("click", () => {
              const isPlaying = playing && playing.button === button;
              for (const player of players) player.currentTime = player.range ? player.range[0] : 0;
              if (isPlaying) stop(); else play(players[0], button, players.slice(1));
            });
            head.append(button);
          }
          const row = make("div", { className: "row" }, ...all.map(part => part.box));
          return make("article", { "data-key": sample.key }, head, sample.prompt ? make("p", { className: "prompt" }, `“${sample.prompt}”`) : null, row);
        };

        // ---- the list
        const show = () => {
          stop();
          const pages = Math.max(1, Math.ceil(found.length / perPage));
          page = Math.min(Math.max(page, 0), pages - 1);
          list.replaceChildren(...found.slice(page * perPage, (page + 1) * perPage).map(article));
          document.getElementById("count").textContent = `${found.length} of ${samples.length} samples`;
          document.getElementById("page").textContent = `${page + 1} of ${pages}`;
          document.getElementById("before").disabled = page === 0;
          document.getElementById("after").disabled = page === pages - 1;
        };
        const choose = () => {
          const task = form.task.value, state = form.state.value, text = form.text.value.trim().toLowerCase(), by = form.by.value;
          found = samples.filter(sample => (!form.shown.checked || isShown(sample)) && (!task || sample.task === task)
            && (!state || results(sample).some(result => result.state === state))
            && (!text || `${sample.key} ${sample.prompt || ""} ${results(sample).map(r => `${r.caption || ""} ${r.kind || ""}`).join(" ")}`.toLowerCase().includes(text)));
          if (by) {
            const [name, run] = [by.slice(by.indexOf(" ") + 1), Number(by.slice(0, by.indexOf(" ")))];
            const of = sample => name === "duration" ? sample.duration : value(sample.results[run], name);
            // Lists begin with the best: of a loss the lowest.
            const sign = (name === "loss" ? 1 : -1) * (form.reverse.checked ? -1 : 1);
            found = found.map((sample, i) => [of(sample), i, sample])
              .sort((a, b) => a[0] === undefined || b[0] === undefined ? (a[0] === undefined) - (b[0] === undefined) || a[1] - b[1] : sign * (a[0] - b[0]) || a[1] - b[1])
              .map(entry => entry[2]);
          } else if (form.reverse.checked) found = found.slice().reverse();
          page = 0;
          show();
        };

        // ---- what can be asked for
        const options = (select, entries) => select.replaceChildren(...entries.map(([value, text]) => make("option", { value }, text)));
        options(form.task, [["", "all"], ...[...new Set(samples.map(sample => sample.task))].sort().map(task => [task, task])]);
        options(form.state, [["", "all"], ["ok", "made"], ["failed", "failed"], ["pending", "left"]]);
        const names = [...new Set(samples.flatMap(sample => results(sample).flatMap(result => Object.keys(result.values || {}))))].sort();
        const orders = [["", "plan"], ["0 duration", "length"]];
        runs.forEach((run, i) => {
          for (const name of ["score", "loss", ...names]) {
            if (samples.some(sample => value(sample.results[i], name) !== undefined)) orders.push([`${i} ${name}`, runs.length > 1 ? `${name} of ${run}` : name]);
          }
        });
        options(form.by, orders);
        if (!samples.some(isShown)) form.shown.checked = false;
        form.addEventListener("input", choose);
        form.addEventListener("submit", event => event.preventDefault());
        document.getElementById("before").addEventListener("click", () => { page--; show(); });
        document.getElementById("after").addEventListener("click", () => { page++; show(); list.scrollIntoView(); });
        choose();
        })();

        """#
}

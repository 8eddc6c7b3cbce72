/// How a page looks: light and dark, from a telephone's width to a wall's.
enum PageStyle {
    static let text = """

        :root{color-scheme:light dark;--ink:#1b1a20;--quiet:#615e6b;--ground:#f6f4f0;--card:#fff;--line:#ddd7cc;--accent:#a8430f;
        --good:#1b7f4b;--bad:#b3261e;--focus:#2457c5}
        @media(prefers-color-scheme:dark){:root{--ink:#eceaf2;--quiet:#a6a2b1;--ground:#121116;--card:#1c1a22;--line:#35313e;
        --accent:#f39a5f;--good:#5fd39a;--bad:#f28b82;--focus:#8ab4f8}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1rem clamp(.75rem,3vw,2rem) 4rem;max-width:100rem;background:var(--ground);color:var(--ink);
        font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
        h1{font-size:clamp(1.5rem,5vw,2.4rem);line-height:1.15;margin:.6em 0 .2em}
        h2{font-size:1.35rem;margin:2.5rem 0 .3rem}h3{font-size:1.02rem;margin:1.6rem 0 .3rem}
        nav a{margin-right:1rem}a{color:var(--accent)}
        .quiet{color:var(--quiet);font-size:.88rem;margin:.25rem 0}.bad{color:var(--bad)}.good{color:var(--good)}
        :focus-visible{outline:3px solid var(--focus);outline-offset:2px}
        form{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:1rem 0 .3rem}
        select,input[type=search],button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px;
        padding:.25rem .6rem}button{cursor:pointer}button:disabled{opacity:.5;cursor:default}
        article{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:.9rem;margin:.9rem 0}
        .head{display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:center}.head h3{margin:0;font-size:1rem}
        .prompt{margin:.3rem 0 .7rem;font-style:italic}
        .row{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));gap:1rem}
        figure{margin:0;min-width:0}figcaption{font-size:.8rem;font-weight:650;border-bottom:2px solid var(--line);margin-bottom:.4rem}
        figure.on figcaption{border-color:var(--accent)}
        video,figure>img{display:block;width:100%;max-height:22rem;border-radius:8px;background:#000;object-fit:contain}
        .small video,.small img{image-rendering:pixelated}
        .sound{position:relative;width:100%;height:5.5rem;margin-top:.4rem;padding:0;border:0;border-radius:8px;overflow:hidden;background:#080614;
        display:block;cursor:pointer}
        .sound img{position:absolute;inset:0;width:100%;height:100%;object-fit:fill}
        .sound svg{position:absolute;inset:0;width:100%;height:100%}
        .sound .wave{fill:#ffffffb0}.sound .onset{stroke:#7fe3ff;stroke-width:1;vector-effect:non-scaling-stroke}
        .sound .head{position:absolute;top:0;bottom:0;left:0;width:2px;background:#fff;padding:0}
        .facts{font-size:.82rem;color:var(--quiet);margin:.35rem 0 0}.facts b{color:var(--ink)}
        .curve{display:block;width:100%;height:2.6rem;margin-top:.4rem}.curve path{fill:none;stroke:var(--accent);stroke-width:2;
        vector-effect:non-scaling-stroke}
        .bars svg{display:block;width:100%;height:4rem;fill:var(--accent)}h4{margin:1rem 0 .3rem}
        .pages{display:flex;gap:1rem;align-items:center;justify-content:center}
        .wide{overflow-x:auto}table{border-collapse:collapse;font-size:.88rem;min-width:min(100%,30rem)}
        th,td{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);overflow-wrap:normal}
        td{max-width:40rem;overflow-wrap:anywhere}.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        td:has(.share){min-width:8rem}.share{display:block;height:.6rem;margin-top:.45rem;background:var(--accent);border-radius:3px}
        code{font-size:.92em}details{margin:1rem 0}summary{cursor:pointer;font-weight:600}
        .counts{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:.8rem 0}dt{color:var(--quiet);font-size:.82rem}dd{margin:0;font-weight:650}

        """
}

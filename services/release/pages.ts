import type { RunRecord } from './runs';

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .8rem .35rem 0;border-bottom:1px solid #dde3e9}
pre{background:#f5f7f9;padding:1rem;overflow:auto;font-size:13px}a{color:#1a5fa8}
.succeeded{color:#1a7f37}.failed{color:#b42318}.running,.pending{color:#8a6100}`;

/** All runs, newest first. */
export function runsPage(runs: readonly RunRecord[]): string {
  const rows = runs.map(
    run =>
      `<tr><td><a href="/runs/${encodeURIComponent(run.id)}">${text(run.tag)}</a></td><td>${text(`${run.owner}/${run.repository}`)}</td>` +
      `<td class="${run.state}">${run.state}</td><td>${text(run.receivedAt)}</td><td>${took(run)}</td></tr>`,
  );
  const table = `<table><tr><th>Release</th><th>Repository</th><th>State</th><th>Received</th><th>Took</th></tr>${rows.join('')}</table>`;
  return page('Releases', runs.length === 0 ? '<p>No release has arrived yet.</p>' : table, runs.some(isOpen));
}

/** One run with its log. */
export function runPage(run: RunRecord, log: string): string {
  const facts = [
    `<p>${text(`${run.owner}/${run.repository}`)} at ${text(run.commit || 'unknown commit')}: <b class="${run.state}">${run.state}</b>, attempt ${run.attempts}, ${took(run) || 'not begun'}</p>`,
    run.reason === undefined ? '' : `<p class="failed">${text(run.reason)}</p>`,
    `<table><tr><th>Task</th><th>State</th><th>Took</th></tr>${run.tasks.map(task => `<tr><td>${text(task.name)}</td><td class="${task.state}">${task.state}</td><td>${took(task)}</td></tr>`).join('')}</table>`,
    `<p><a href="/runs">All releases</a> · <a href="/runs/${encodeURIComponent(run.id)}/log">Log as text</a></p>`,
    `<pre>${text(log)}</pre>`,
  ];
  return page(`Release ${run.tag}`, facts.join('\n'), isOpen(run));
}

function page(title: string, body: string, reload: boolean): string {
  const refresh = reload ? '<meta http-equiv="refresh" content="2">' : '';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${text(title)}</title>${refresh}<style>${style}</style></head><body><h1>${text(title)}</h1>\n${body}\n</body></html>\n`;
}

function isOpen(run: RunRecord): boolean {
  return run.state === 'pending' || run.state === 'running';
}

function took(work: { readonly startedAt?: string; readonly finishedAt?: string }): string {
  if (work.startedAt === undefined) return '';
  const end = work.finishedAt === undefined ? Date.now() : Date.parse(work.finishedAt);
  return `${Math.max(0, (end - Date.parse(work.startedAt)) / 1000).toFixed(1)} s`;
}

function text(value: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return value.replace(/[&<>"']/g, character => entities[character] ?? character);
}

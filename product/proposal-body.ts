import type { ObjectDiff } from './diff';
import type { ValueChange, ValueChangeKind } from './change';
import type { Proposal, ProposalInput } from './proposal-input';
import { formatPath, type Value } from './value';
import type { ValueOrigin } from './values-from';

/** A proposal before its own words. */
export type DescribedProposal = Omit<Proposal, 'title' | 'body' | 'branch' | 'commitMessage' | 'digest'>;

/** Longest body in characters; forges cut or refuse beyond 65535. */
const bodyLimit = 60_000;

/** `podinfo: 1.0.0 -> 1.1.0`. */
export function proposalTitle(proposal: Pick<Proposal, 'kind' | 'version' | 'from'>, instance: string): string {
  const { kind, version, from } = proposal;
  if (kind === 'install') return `${instance}: install ${version}`;
  if (kind === 'downgrade') return `${instance}: go back ${from ?? ''} -> ${version}`;
  return from === undefined || from === version ? `${instance}: ${version}` : `${instance}: ${from} -> ${version}`;
}

const kindWords: Readonly<Record<ValueChangeKind, string>> = {
  conflict: '**conflict**: yours stays until you choose',
  'removed-but-edited': '**dropped by the vendor**, kept because you edited it',
  adopted: 'differs from the default (no known base)',
  'vendor-changed': 'changed by the vendor',
  'vendor-added': 'added by the vendor',
  'vendor-removed': 'removed by the vendor',
  'kept-edit': 'yours, kept',
};

/** The pull request's description: what a reviewer decides from. Bounded; the rendered difference is cut first. */
export function proposalBody(
  proposal: DescribedProposal,
  input: Pick<ProposalInput, 'verifiedBy' | 'inventory' | 'releaseNotes' | 'origins'>,
): string {
  const head = [
    ...summary(proposal, input),
    ...verdict(proposal),
    ...notes(input.releaseNotes),
    ...images(proposal),
    ...snapshots(proposal),
    ...values(proposal.valuesChanges),
    ...elsewhere(input.origins ?? []),
  ].join('\n');
  const diff = rendered(proposal.manifestDiff, bodyLimit - Math.min(head.length, bodyLimit - 5_000));
  const closing = [
    '',
    'Edit `values.yaml` on this branch to change what is deployed; the lock follows. Merge to deploy, close to skip this version.',
    '',
  ].join('\n');
  return `${head.length > bodyLimit ? `${head.slice(0, bodyLimit)}\n…\n` : head}${diff}${closing}`;
}

function summary(
  proposal: DescribedProposal,
  { verifiedBy, inventory }: Pick<ProposalInput, 'verifiedBy' | 'inventory'>,
): string[] {
  const { component, version, from, descriptorDigest, kind } = proposal;
  const change =
    kind === 'install' || from === undefined
      ? `Installs **${inline(component)} ${inline(version)}**.`
      : from === version
        ? `Renews **${inline(component)} ${inline(version)}**.`
        : `Takes **${inline(component)}** from **${inline(from)}** to **${inline(version)}**.`;
  return [
    change,
    '',
    '| | |',
    '|---|---|',
    `| Component | ${code(`${component}:${version}`)} |`,
    `| Descriptor | ${code(descriptorDigest)} |`,
    `| Signature | ${verifiedBy && verifiedBy.length > 0 ? `verified: ${verifiedBy.map(code).join(', ')}` : 'not stated'} |`,
    ...(inventory === undefined ? [] : [`| Inventory | ${inline(inventory)} |`]),
    '',
  ];
}

function verdict({ conflicts, faults, warnings, valuesChanges }: DescribedProposal): string[] {
  const dropped = valuesChanges.filter(each => each.kind === 'removed-but-edited');
  const blocked = conflicts.length + faults.length > 0;
  const lines = [
    ...faults.map(each => `- ${code(each.path)} ${inline(each.message)} — ${code(each.where)}`),
    ...conflicts.map(
      each =>
        `- ${code(each.path)}: was ${shown(each.base)}, yours is ${shown(each.current)}, the vendor's is ${shown(each.next)}. Change the value, or keep yours with the comment ${code(`#+airlock-keep ${each.path}`)}.`,
    ),
  ];
  return [
    ...(blocked ? ['### Validation: blocked', '', ...lines, ''] : ['### Validation: passed', '']),
    ...(warnings.length + dropped.length > 0
      ? [
          '### Please look at',
          '',
          ...warnings.map(each => `- ${inline(each)}`),
          ...dropped.map(
            each =>
              `- ${code(each.path)}: the vendor dropped it${each.renamedTo === undefined ? '' : `, perhaps for ${code(each.renamedTo)}`}; your value stays in the file, without effect.`,
          ),
          '',
        ]
      : []),
  ];
}

function notes(text: string | undefined): string[] {
  if (text === undefined || text.trim() === '') return [];
  const quoted = text
    .trim()
    .slice(0, 8_000)
    .split(/\r?\n/)
    .map(line => `> ${line}`);
  return ['### Release notes', '', ...quoted, ''];
}

function images({ images: list }: DescribedProposal): string[] {
  if (list.length === 0) return [];
  return [
    '### Images',
    '',
    '| Resource | Reference |',
    '|---|---|',
    ...list.map(each => `| ${cell(each.resource)} | ${code(each.reference)} |`),
    '',
  ];
}

function snapshots({ snapshots: list }: DescribedProposal): string[] {
  return [
    '### Snapshots',
    '',
    '| Pipeline | Artifact | Digest |',
    '|---|---|---|',
    ...list.map(each => `| ${cell(each.pipeline)} | ${code(each.reference)} | ${code(each.digest)} |`),
    '',
  ];
}

/** Rows of a table of values. */
const most = 100;

const order: readonly ValueChangeKind[] = [
  'conflict',
  'removed-but-edited',
  'adopted',
  'vendor-changed',
  'vendor-added',
  'vendor-removed',
  'kept-edit',
];

function values(changes: readonly ValueChange[]): string[] {
  if (changes.length === 0) return ['### Values', '', 'No setting changes.', ''];
  const sorted = [...changes].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  return [
    '### Values',
    '',
    '| Setting | What happens | Former default | Yours | New default |',
    '|---|---|---|---|---|',
    ...sorted
      .slice(0, most)
      .map(
        each =>
          `| ${code(each.path)} | ${kindWords[each.kind]} | ${shown(each.base)} | ${shown(each.current)} | ${shown(each.next)} |`,
      ),
    ...(sorted.length > most ? [`| … | ${sorted.length - most} more | | | |`] : []),
    '',
  ];
}

/** What is laid over `values.yaml`, and where to change it. */
function elsewhere(origins: readonly ValueOrigin[]): string[] {
  if (origins.length === 0) return [];
  return [
    '### Values from elsewhere',
    '',
    'They win over `values.yaml`.',
    '',
    '| Setting | Value | From |',
    '|---|---|---|',
    ...origins
      .slice(0, most)
      .map(each => `| ${code(formatPath(each.path))} | ${shown(each.value)} | ${cell(each.from)} |`),
    ...(origins.length > most ? [`| … | ${origins.length - most} more | |`] : []),
    '',
  ];
}

function rendered(diffs: readonly ObjectDiff[], room: number): string {
  if (diffs.length === 0) return '\n### Manifests\n\nNothing that is deployed changes.\n';
  const lines = ['', '### Manifests', ''];
  let left = room - 2_000;
  for (const diff of diffs) {
    const head = `${diff.kind}: ${diff.object}`;
    const fits = diff.text !== '' && diff.text.length < left;
    if (!fits) {
      lines.push(`- ${inline(head)} (too large to show here; see the snapshot)`, '');
      continue;
    }
    left -= diff.text.length + head.length + 60;
    const fence = fenceFor(diff.text);
    lines.push('<details>', `<summary>${inline(head)}</summary>`, '', `${fence}diff`, diff.text, fence, '');
    if (diff.truncated) lines.push('Cut here: it is longer.', '');
    lines.push('</details>', '');
  }
  return lines.join('\n');
}

/** A fence longer than any in the text. */
function fenceFor(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(match => match[0].length));
  return '`'.repeat(longest + 1);
}

function shown(value: Value | undefined): string {
  if (value === undefined) return '—';
  const text = typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
  return code(text.length > 120 ? `${text.slice(0, 117)}...` : text);
}

/** Inline code that survives a table cell, backticks and bars in it included. */
function code(text: string): string {
  const flat = text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  if (flat.trim() === '') return '` `';
  const fence = '`'.repeat(Math.max(0, ...[...flat.matchAll(/`+/g)].map(match => match[0].length)) + 1);
  const pad = flat.startsWith('`') || flat.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${flat}${pad}${fence}`;
}

/** Text that is not markup, whatever a vendor or a value says. */
function inline(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/([\\`*_[\]|])/g, '\\$1')
    .replace(/\s+/g, ' ')
    .replace(/@(?=\w)/g, '@\u200b');
}

const cell = inline;

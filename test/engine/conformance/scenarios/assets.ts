import { again, plain, program, scenario, up } from '../scenario';
import type { Outside, Program, Scenario, Value } from '../scenario';

const of = (value: Value): Program => program([plain('a', { value })]);
const files = (content: Readonly<Record<string, string>>): { before: Outside } => ({ before: { files: content } });

export const assets: readonly Scenario[] = [
  scenario(
    'assets/text',
    up(of({ text: 'hello' }), ['create a']),
    again([]),
    up(of({ text: 'good bye' }), ['update a']),
  ),
  scenario(
    'assets/a-file',
    up(of({ file: '@FILES@/a.txt' }), ['create a'], files({ 'a.txt': 'one' })),
    again([]),
    again(['update a'], files({ 'a.txt': 'two' })),
  ),
  scenario(
    'assets/a-file-by-another-name',
    up(of({ file: '@FILES@/a.txt' }), ['create a'], files({ 'a.txt': 'one', 'b.txt': 'one' })),
    up(of({ file: '@FILES@/b.txt' }), []),
  ),
  scenario(
    'assets/an-archive-of-assets',
    up(
      of({ archive: { 'x.txt': { text: 'x' }, 'dir/y.txt': { file: '@FILES@/y.txt' } } }),
      ['create a'],
      files({ 'y.txt': 'y' }),
    ),
    again([]),
    again(['update a'], files({ 'y.txt': 'z' })),
  ),
  scenario(
    'assets/an-archive-of-a-folder',
    up(of({ folder: '@FILES@/dir' }), ['create a'], files({ 'dir/a.txt': 'a', 'dir/sub/b.txt': 'b' })),
    again([]),
    again(['update a'], files({ 'dir/c.txt': 'c' })),
  ),
  scenario(
    'assets/archives-in-archives',
    up(
      of({
        archive: {
          inner: { archive: { 'x.txt': { text: 'x' } } },
          dir: { folder: '@FILES@/dir' },
          'z.txt': { text: 'z' },
        },
      }),
      ['create a'],
      files({ 'dir/a.txt': 'a' }),
    ),
    again([]),
  ),
  scenario('assets/an-empty-archive', up(of({ archive: {} }), ['create a']), again([])),
  scenario('assets/in-lists-and-objects', up(of([{ text: 'x' }, { deep: { text: 'y' } }]), ['create a']), again([])),
  scenario('assets/a-secret-one', up(of({ secret: { text: 'x' } }), ['create a']), again([])),
  scenario('assets/a-file-that-is-not-there', up(of({ file: '@FILES@/nothing.txt' }), [], { fails: /nothing\.txt/ })),
  scenario(
    'assets/from-text-to-file',
    up(of({ text: 'one' }), ['create a'], files({ 'a.txt': 'one' })),
    up(of({ file: '@FILES@/a.txt' }), []),
  ),
];

import { expect } from 'chai';
import type { Command } from 'commander';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configCommand } from '../../cli/config';
import { stackCommand } from '../../cli/stack';
import { stateCommand } from '../../cli/state';
import { hasCode } from '../../report';
import { printed } from '../support/printed';

const root = 'urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev';
const group = 'urn:pulumi:dev::shop::t:m:Group::group';
const state = {
  version: 3,
  deployment: {
    manifest: { time: new Date(0).toISOString(), magic: '', version: '' },
    resources: [
      { urn: root, custom: false, type: 'pulumi:pulumi:Stack', outputs: { url: 'http://x' } },
      { urn: group, custom: false, type: 't:m:Group', parent: root, dependencies: [root] },
    ],
  },
};

describe('cli: commands on stacks, state and configuration', () => {
  let dir: string;
  const before = { ...process.env };
  beforeEach(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'airlock-cli-'));
    writeFileSync(path.join(dir, 'Pulumi.yaml'), 'name: shop\nruntime: nodejs\nbackend:\n  url: file://.\n');
    process.env.PULUMI_CONFIG_PASSPHRASE = 'correct horse';
    delete process.env.PULUMI_BACKEND_URL;
    delete process.env.PULUMI_STACK;
    writeFileSync(path.join(dir, 'state.json'), JSON.stringify(state));
    await run(stackCommand(), 'init', 'dev');
    await run(stackCommand(), 'import', '--file', path.join(dir, 'state.json'));
  });
  afterEach(() => {
    process.env = { ...before };
    rmSync(dir, { recursive: true, force: true });
  });

  /** What a command prints on standard output. */
  const run = (command: Command, ...args: string[]): Promise<string> =>
    printed(() => command.exitOverride().parseAsync([...args, '--cwd', dir], { from: 'user' }));

  it('describes, lists, renames and tags stacks', async () => {
    expect(await run(stackCommand(), '--show-urns'))
      .to.include('2 resources')
      .and.include(group)
      .and.include('http://x');
    expect(await run(stackCommand(), '--show-name')).to.equal('dev\n');
    await run(stackCommand(), 'tag', 'set', 'team', 'red');
    expect(await run(stackCommand(), 'tag', 'ls')).to.include('red');
    await run(configCommand(), 'set', 'size', '3');
    expect(await run(stackCommand(), 'rename', 'prod', '--yes')).to.include('Renamed stack dev to prod');
    expect(await run(stackCommand(), 'ls')).to.include('prod*');
    expect(await run(stackCommand(), 'tag', 'get', 'team')).to.equal('red\n');
    expect(await run(configCommand(), 'get', 'size')).to.equal('3\n');
    expect(await run(stackCommand(), 'history')).to.include('never been deployed');
    await run(stackCommand(), 'unselect');
    const none = await run(stackCommand(), 'output').catch((error: unknown) => error);
    expect(hasCode(none, 'engine.no-stack')).to.equal(true);
  });

  it('draws what depends on what', async () => {
    const file = path.join(dir, 'graph.dot');
    await run(stackCommand(), 'graph', file, '--short-node-name');
    expect(readFileSync(file, 'utf8')).to.equal(
      [
        'strict digraph {',
        '    Resource0 [label="shop-dev"];',
        '    Resource1 [label="group"];',
        '    Resource0 -> Resource1 [color="#246C60"];',
        '    Resource0 -> Resource1 [color="#AA6639"];',
        '}',
        '',
      ].join('\n'),
    );
  });

  it('edits the state', async () => {
    await run(stateCommand(), 'protect', group, '--yes');
    const protect = await run(stateCommand(), 'delete', group, '--yes').catch((error: unknown) => error);
    expect(hasCode(protect, 'engine.protected')).to.equal(true);
    await run(stateCommand(), 'unprotect', '--all', '--yes');
    await run(stateCommand(), 'rename', group, 'team', '--yes');
    expect(await run(stackCommand(), '--show-urns')).to.include('::team');
    expect(await run(stateCommand(), 'repair', '--yes')).to.include('Nothing to repair');
    await run(stackCommand(), 'init', 'other', '--no-select');
    expect(
      await run(stateCommand(), 'move', group.replace('::group', '::team'), '--dest', 'other', '--yes'),
    ).to.include('team');
    expect(await run(stackCommand(), '--stack', 'other', '--show-urns')).to.include(
      'urn:pulumi:other::shop::t:m:Group::team',
    );
    process.env.EDITOR = 'true';
    expect(await run(stateCommand(), 'edit', '--yes')).to.include('Nothing was changed');
  });

  it('sets, copies and removes configuration', async () => {
    await run(configCommand(), 'set-all', '--plaintext', 'a=1', '--plaintext', 'b=2', '--secret', 'c=hush');
    expect(readFileSync(path.join(dir, 'Pulumi.dev.yaml'), 'utf8')).not.to.include('hush');
    await run(stackCommand(), 'init', 'next', '--copy-config-from', 'dev', '--no-select');
    expect(await run(configCommand(), 'get', 'c', '--stack', 'next')).to.equal('hush\n');
    await run(configCommand(), 'rm-all', 'a', 'b', '--stack', 'next');
    expect(await run(configCommand(), '--stack', 'next'))
      .to.include('c')
      .and.not.include('shop:a');
    await run(configCommand(), 'set', 'list[0].name', 'x', '--path');
    expect(await run(configCommand(), 'get', 'list[0].name', '--path')).to.equal('x\n');
    await run(configCommand(), 'cp', 'list', '--dest', 'next');
    const env = await run(configCommand(), 'env', 'add', 'x').catch((error: unknown) => error);
    expect(hasCode(env, 'engine.unsupported-command')).to.equal(true);
    const refresh = await run(configCommand(), 'refresh', '--force').catch((error: unknown) => error);
    expect(hasCode(refresh, 'engine.no-history')).to.equal(true);
  });
});

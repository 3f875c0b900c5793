import { expect } from 'chai';
import type { Command } from 'commander';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { importCommand } from '../../cli/import';
import { refreshCommand } from '../../cli/refresh';
import { printed } from '../support/printed';

// Imports from a real cluster are in `test/integration/kubernetes-program.test.ts`.
describe('cli: imports', () => {
  let dir: string;
  const before = { ...process.env };
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'airlock-import-'));
    writeFileSync(path.join(dir, 'Pulumi.yaml'), 'name: shop\nruntime: nodejs\nbackend:\n  url: file://.\n');
    writeFileSync(path.join(dir, 'Pulumi.dev.yaml'), 'config: {}\n');
    process.env.PULUMI_CONFIG_PASSPHRASE = 'correct horse';
    delete process.env.PULUMI_BACKEND_URL;
    delete process.env.PULUMI_STACK;
  });
  afterEach(() => {
    process.env = { ...before };
    rmSync(dir, { recursive: true, force: true });
  });

  const place = (): string[] => ['--stack', 'dev', '--cwd', dir, '--yes'];
  const failing = async (work: Promise<unknown>): Promise<{ code?: string; message: string }> => {
    const said = await work.then(
      () => new Error('it was expected to fail'),
      (error: unknown) => error,
    );
    return said as { code?: string; message: string };
  };
  const run = (command: Command, args: string[]): Promise<string> =>
    printed(() => command.exitOverride().parseAsync([...args, ...place()], { from: 'user' }));
  const imported = (...args: string[]): Promise<string> => run(importCommand(), args);
  const file = (content: object | string): string => {
    const name = path.join(dir, 'resources.json');
    writeFileSync(name, typeof content === 'string' ? content : JSON.stringify(content));
    return name;
  };

  it('says what is missing or wrong before anything is made', async () => {
    expect(await failing(imported('t:m:T', 'name'))).to.include({ code: 'cli.usage' });
    const one = { type: 't:m:T', name: 'x', id: 'i' };
    const wrong: [object | string, RegExp][] = [
      ['{', /cannot be read as JSON/],
      [{ resources: [{ ...one, id: '' }] }, /needs a type, a name and an id/],
      [{ resources: [{ ...one, parent: 'mine' }] }, /the parent mine is not in the nameTable/],
      [{ resources: [{ ...one, provider: 'mine' }] }, /the provider mine is not in the nameTable/],
    ];
    for (const [content, message] of wrong) {
      const error = await failing(imported('--file', file(content)));
      expect(error).to.include({ code: 'cli.usage' });
      expect(error.message).to.match(message);
    }
    expect(existsSync(path.join(dir, '.pulumi'))).to.equal(false);
  });

  it('takes several from a file, each in its parent, and keeps what is there', async () => {
    const group = 'urn:pulumi:dev::shop::t:m:Group::group';
    const resources = [
      { type: 't:m:Group', name: 'group', component: true },
      { type: 't:m:Part', name: 'part', component: true, parent: 'mine' },
    ];
    const name = file({ nameTable: { mine: group }, resources });
    await imported('--file', name, '--skip-preview', '--no-protect');
    const stored = JSON.parse(readFileSync(path.join(dir, '.pulumi', 'stacks', 'shop', 'dev.json'), 'utf8')) as {
      checkpoint: { latest: { resources: { urn: string; parent?: string; protect?: boolean }[] } };
    };
    const [, first, second] = stored.checkpoint.latest.resources;
    expect(first?.urn).to.equal(group);
    expect(second).to.include({ urn: 'urn:pulumi:dev::shop::t:m:Group$t:m:Part::part', parent: group });
    expect(second).not.to.have.property('protect', true);
    expect(await failing(imported('--file', name, '--skip-preview'))).to.include({ code: 'engine.resource-exists' });
  });

  it('leaves dynamic resources to the program, and other packages to Pulumi', async () => {
    const error = await failing(imported('pulumi-nodejs:dynamic:Resource', 'a', 'id', '--skip-preview'));
    expect(error).to.include({ code: 'engine.unsupported-resource' });
    expect(await failing(imported('aws:s3/bucket:Bucket', 'a', 'id', '--skip-preview'))).to.include({
      code: 'engine.unknown-package',
    });
  });

  it('takes interrupted creations over by URN and ID only', async () => {
    const refreshed = (...args: string[]): Promise<string> => run(refreshCommand(), args);
    const resources = [{ type: 't:m:Group', name: 'group', component: true }];
    await imported('--file', file({ resources }), '--skip-preview');
    const wrong = await failing(refreshed('--import-pending-creates', 'no-id'));
    expect(wrong.message).to.include('is not of the form URN=ID');
    const both = await failing(refreshed('--import-pending-creates', 'urn=id', '--clear-pending-creates'));
    expect(both).to.include({ code: 'cli.usage' });
    const nothing = await failing(refreshed('--import-pending-creates', 'urn:pulumi:dev::shop::t:m:T::a=id', '-f'));
    expect(nothing.message).to.include('urn:pulumi:dev::shop::t:m:T::a');
  });
});

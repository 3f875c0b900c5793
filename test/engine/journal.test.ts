import { expect } from 'chai';
import fc from 'fast-check';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { FileBackend } from '../../engine/backend';
import type { StackFiles } from '../../engine/backend';
import { checkpointText, parseCheckpoint } from '../../engine/checkpoint';
import { parseJournal } from '../../engine/journal';
import { newResourceState } from '../../engine/resource-state';
import { renameInJson } from '../../engine/resource-json';
import type { ResourceJson } from '../../engine/resource-json';
import type { OperationKind, ResourceState } from '../../engine/resource-state';
import { SnapshotManager } from '../../engine/snapshot-manager';
import type { StateSink } from '../../engine/snapshot-manager';
import { decodeDeployment, encodeResource, SecretCodec } from '../../engine/state-codec';
import type { DeploymentJson } from '../../engine/state-codec';

const plain = new SecretCodec({ encrypt: text => text, decrypt: text => text });
const urn = (name: string): string => `urn:pulumi:dev::p::t:m:T::${name}`;
const state = (name: string, fields: Partial<ResourceState> = {}): ResourceState =>
  newResourceState({ urn: urn(name), type: 't:m:T', custom: true, id: name, ...fields });

/** What a deployment says, apart from when it was written. */
const said = (deployment: DeploymentJson | undefined): unknown => [
  deployment?.resources ?? [],
  deployment?.pending_operations ?? [],
];

describe('engine: the journal', () => {
  let dir: string;
  let backend: FileBackend;
  let files: StackFiles;
  beforeEach(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'airlock-journal-'));
    backend = await FileBackend.open(dir);
    files = backend.files('p', 'dev');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const loaded = async (): Promise<DeploymentJson | undefined> => {
    const read = await backend.read(files);
    return read && parseCheckpoint(read.text, read.file);
  };
  /** A sink that calls `after` when something was written. */
  const sink = (after: () => Promise<void> = () => Promise.resolve()): StateSink => ({
    stack: 'dev',
    salt: undefined,
    codec: plain,
    write: async text => {
      await backend.write(files, text);
      await after();
    },
    append: async (lines, head) => {
      await backend.append(files, lines, head);
      await after();
    },
  });
  const journalFile = (): string => `${files.state}.journal`;

  it('is, with its checkpoint, the state as it was at each write, whatever the run did', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('create' as const), needs: fc.nat(20) }),
      fc.record({ kind: fc.constant('update' as const), which: fc.nat(20) }),
      fc.record({ kind: fc.constant('same' as const), which: fc.nat(20), write: fc.boolean() }),
      fc.record({ kind: fc.constant('replace' as const), which: fc.nat(20) }),
      fc.record({ kind: fc.constant('delete' as const), which: fc.nat(20) }),
      fc.record({ kind: fc.constant('rename' as const), which: fc.nat(20) }),
      fc.record({ kind: fc.constant('outputs' as const), which: fc.nat(20) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(6), fc.array(step, { maxLength: 25 }), async (before, steps) => {
        rmSync(path.join(dir, '.pulumi'), { recursive: true, force: true });
        const olds = Array.from({ length: before }, (_, i) =>
          state(`old${i}`, { dependencies: i > 0 ? [urn(`old${i - 1}`)] : [] }),
        );
        const renames = new Map<string, string>();
        const encoded = (one: ResourceState): ResourceJson => renameInJson(encodeResource(one, plain.seal), renames);
        let pending: unknown[] = [];
        const manager: SnapshotManager = new SnapshotManager(
          { resources: olds, pending: [] },
          sink(async () => {
            expect(said(await loaded())).to.deep.equal(expected());
          }),
        );
        const expected = (): unknown => [manager.current().map(encoded), pending];
        const begin = (type: OperationKind, resource: ResourceState): Promise<void> => {
          pending = [{ resource: encoded(resource), type }];
          return manager.begin(type, resource);
        };
        const end = (change: Parameters<SnapshotManager['end']>[0]): Promise<void> => {
          pending = [];
          return manager.end(change);
        };
        await backend.write(
          files,
          checkpointText(
            'dev',
            undefined,
            olds.map(old => JSON.stringify(encoded(old))),
            [],
          ),
        );
        const untouched = [...olds];
        const fresh: ResourceState[] = [];
        let count = 0;
        for (const one of steps) {
          if (one.kind === 'create') {
            const needed = fresh.length > 0 ? fresh[one.needs % fresh.length] : undefined;
            const made = state(`new${count++}`, { dependencies: needed ? [needed.urn] : [] });
            await begin('creating', made);
            made.outputs = { made: 'yes' };
            await end({ finished: made, adds: made, write: true });
            fresh.push(made);
          } else if (one.kind === 'outputs') {
            const at = fresh[one.which % Math.max(1, fresh.length)];
            if (!at) continue;
            at.outputs = { round: count++ };
            manager.changed(at);
            await end({ write: true });
          } else {
            // What a resource needs is seen before it: only the first untouched one can be next.
            const old = one.kind === 'delete' ? untouched.pop() : untouched.shift();
            if (!old) continue;
            if (one.kind === 'delete') {
              await begin('deleting', old);
              await end({ finished: old, replaces: old, write: true });
              continue;
            }
            const next = { ...old, outputs: { ...old.outputs, seen: one.kind } };
            if (one.kind === 'same') {
              await end({ replaces: old, adds: next, write: one.write });
            } else if (one.kind === 'update') {
              await begin('updating', next);
              await end({ finished: next, replaces: old, adds: next, write: true });
            } else if (one.kind === 'rename') {
              next.urn = `${old.urn}-renamed`;
              next.aliases = [old.urn];
              renames.set(old.urn, next.urn);
              await end({ replaces: old, adds: next, write: true });
            } else {
              old.delete = true;
              manager.changed(old);
              await end({ adds: next, write: true });
            }
            fresh.push(next);
          }
        }
        await manager.flush();
        expect(said(await loaded())).to.deep.equal(expected());
        expect(existsSync(journalFile())).to.equal(false);
      }),
      { numRuns: 60 },
    );
  });

  it('gives a sound earlier state when its end is cut off at any byte', async () => {
    const manager = new SnapshotManager({ resources: [], pending: [] }, sink());
    const versions: string[] = [];
    const made = Array.from({ length: 6 }, (_, i) => state(`r${i}`, { inputs: { text: 'x'.repeat(40) } }));
    for (const one of made) {
      await manager.begin('creating', one);
      versions.push(JSON.stringify(said(await loaded())));
      await manager.end({ finished: one, adds: one, write: true });
      versions.push(JSON.stringify(said(await loaded())));
    }
    const journal = readFileSync(journalFile());
    const head = journal.indexOf('\n');
    expect(journal.length).to.be.greaterThan(200);
    for (let length = head + 1; length < journal.length; length += 7) {
      writeFileSync(journalFile(), journal.subarray(0, length));
      expect(versions).to.include(JSON.stringify(said(await loaded())));
    }
    const damaged = Buffer.from(journal);
    damaged[journal.length - 20] = 0;
    writeFileSync(journalFile(), damaged);
    expect(versions).to.include(JSON.stringify(said(await loaded())));
  });

  it('is taken into the checkpoint by the next that locks the stack, once', async () => {
    const manager = new SnapshotManager({ resources: [], pending: [] }, sink());
    const one = state('one', { inputs: { text: 'x'.repeat(300) } });
    await manager.end({ adds: one, write: true });
    await manager.begin('creating', state('two'));
    expect(parseJournal(readFileSync(journalFile(), 'utf8'))?.changes).to.have.length(1);
    const before = said(await loaded());
    const journal = readFileSync(journalFile());
    expect(await backend.recover(files)).to.include('Took over');
    expect(said(await loaded())).to.deep.equal(before);
    expect(await backend.recover(files), 'nothing is left').to.equal(undefined);

    // A crash between the checkpoint and the removal of its journal.
    const checkpoint = (await backend.read(files))?.text ?? '';
    writeFileSync(journalFile(), journal);
    expect(await backend.recover(files), 'made for the checkpoint before').to.include('written by something else');
    expect((await backend.read(files))?.text).to.equal(checkpoint);
    expect(readdirSync(path.dirname(files.state)).some(name => name.endsWith('.kept'))).to.equal(true);
  });

  it('grows with what changed, not with the number of resources', async () => {
    let bytes = 0;
    const counting: StateSink = {
      ...sink(),
      write: text => {
        bytes += text.length;
        return Promise.resolve();
      },
      append: lines => {
        bytes += lines.length;
        return Promise.resolve();
      },
    };
    const run = async (count: number): Promise<number> => {
      bytes = 0;
      const manager = new SnapshotManager({ resources: [], pending: [] }, counting);
      for (let i = 0; i < count; i++) {
        const one = state(`r${i}`, { inputs: { text: 'x'.repeat(100) } });
        await manager.begin('creating', one);
        await manager.end({ finished: one, adds: one, write: true });
      }
      await manager.flush();
      return bytes / count;
    };
    const small = await run(200);
    const large = await run(3200);
    expect(large / small).to.be.lessThan(1.5);
  });

  it('keeps the state of a run whose deployment decodes as it was', async () => {
    const manager = new SnapshotManager({ resources: [], pending: [] }, sink());
    const one = state('one', { inputs: { a: 1, b: ['x', { c: true }] }, protect: true });
    await manager.end({ adds: one, write: true });
    await manager.end({ adds: state('two', { parent: one.urn }), write: true });
    const deployment = await loaded();
    const [first] = deployment ? decodeDeployment(deployment, plain).resources : [];
    expect(first).to.deep.equal(one);
  });
});

import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AirlockError, messageOf } from '../../../report';
import { archiveCases } from './archives';
import { accessCases } from './accesses';
import { artifactSetCases } from './artifact-sets';
import type { BadCase } from './case';
import { componentVersionCases } from './component-versions';
import { constructorCases } from './constructors';
import { registryCases } from './registries';

/** Tables of what storage, accesses, constructor and transfer have to refuse. */
const tables: Readonly<Record<string, () => Promise<readonly BadCase[]> | readonly BadCase[]>> = {
  'archives and layers': archiveCases,
  'archives of OCI artifacts': artifactSetCases,
  'stored component versions': componentVersionCases,
  'registries that lie': registryCases,
  accesses: accessCases,
  'constructor files': constructorCases,
};

async function assertRefused({ what, run, code, where }: BadCase): Promise<void> {
  const root = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
  const [folder, temporary] = [path.join(root, 'inside'), path.join(root, 'temporary')];
  mkdirSync(folder);
  mkdirSync(temporary);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = temporary;
  try {
    const problem: unknown = await run(folder).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(problem instanceof AirlockError))
      throw new Error(`${what}: ${problem === undefined ? 'accepted' : messageOf(problem)}`, { cause: problem });
    expect(problem.code, `${what}: ${problem.message}`).to.match(code);
    expect(problem.message, what).not.to.equal('');
    expect(problem.where ?? '', `${what}: ${problem.message}`).to.match(where ?? /./);
    expect(readdirSync(root), what).to.deep.equal(['inside', 'temporary']);
    expect(readdirSync(temporary), what).to.deep.equal([]);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(root, { recursive: true });
  }
}

describe('ocm: bad input of storage, accesses, constructor and transfer', () => {
  let refused = 0;
  for (const [name, table] of Object.entries(tables)) {
    it(`refuses ${name}, naming the place, and leaves nothing behind`, async () => {
      for (const each of await table()) {
        await assertRefused(each);
        refused++;
      }
    }).timeout(120_000);
  }

  it('has at least 150 cases', () => {
    process.stderr.write(`    ${refused} malformed inputs were refused\n`);
    expect(refused).to.be.at.least(150);
  });
});

import { expect } from 'chai';
import { assertValidStates } from '../../support/deployment-schema';
import { byCourse } from './courses';
import { embedded } from './embedded-driver';
import { recordOf } from './recorded';
import type { Scenario } from './scenario';
import { scenarios } from './scenarios';
import { judge } from './verdict';

const FULL = process.env['AIRLOCK_TEST_FULL'] === '1';
const SEED = Number(process.env['AIRLOCK_TEST_SEED'] ?? 5);
/** Operations in a run that is not full: about a minute. */
const OPERATIONS = 24;

const operations = (group: readonly Scenario[]): number => Math.max(...group.map(({ steps }) => steps.length));

/** A part that is another one for another seed; the largest groups, which say most for their time, are always in it. */
function sample(groups: readonly Scenario[][]): Scenario[][] {
  const rank = (group: readonly Scenario[]): number => {
    const text = `${SEED} ${group[0]?.id}`;
    const hash = [...text].reduce((sum, char) => (Math.imul(sum, 31) + char.charCodeAt(0)) >>> 0, 7);
    return group.length > 9 ? -group.length : hash;
  };
  const chosen: Scenario[][] = [];
  let left = OPERATIONS;
  for (const group of [...groups].sort((a, b) => rank(a) - rank(b))) {
    if (operations(group) > left) continue;
    left -= operations(group);
    chosen.push(group);
  }
  return chosen;
}

describe('engine: does what Pulumi does', function () {
  const groups = byCourse(scenarios);
  const chosen = FULL ? groups : sample(groups);

  it('tells each scenario once, and from a record of Pulumi where there is one', () => {
    const ids = scenarios.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    const without = scenarios.filter(({ id, differs }) => differs === undefined && !recordOf(id));
    if (without.length > 0) {
      process.stdout.write(`      held to what they say themselves: ${without.map(({ id }) => id).join(', ')}\n`);
    }
    const [differing] = scenarios.filter(({ id, differs }) => differs !== undefined && recordOf(id));
    expect(differing?.id, 'what differs on purpose is not held to a record').to.equal(undefined);
  });

  for (const group of chosen) {
    const [first] = group;
    const name = group.length === 1 ? first?.id : `${group.length} scenarios (${group.map(({ id }) => id).join(', ')})`;
    it(`${name}${FULL ? '' : ` [seed ${SEED}]`}`, async function () {
      this.timeout(60_000 + operations(group) * 60_000);
      const verdicts = await judge(embedded, group, recordOf, ({ backend }) => assertValidStates(backend));
      const problems = verdicts.flatMap(({ id, problems }) => problems.map(problem => `${id}: ${problem}`));
      expect(problems).to.deep.equal([]);
    });
  }
});

// Mocha's spec reporter, which also adds the counts to the file that AIRLOCK_TEST_COUNTS names, for .ci/run, and ends a run that
// something keeps open, after saying what.
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

/** Milliseconds that what tests opened may take to close. */
const patience = 20_000;

/** The tests are run in several runs of Mocha, one after another. */
function addCounts(file, counts) {
  const before = existsSync(file) ? readFileSync(file, 'utf8').split(' ').map(Number) : [];
  writeFileSync(file, `${counts.map((count, at) => count + (before[at] || 0)).join(' ')}\n`);
}

class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.AIRLOCK_TEST_COUNTS;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      if (file !== undefined) addCounts(file, [passes, failures, pending]);
      const end = () => {
        console.error(`Still open after the tests: ${process.getActiveResourcesInfo().join(', ')}`);
        process.exit(Math.max(failures, 1));
      };
      setTimeout(end, patience).unref();
    });
  }
}

module.exports = CountingReporter;

// Mocha's spec reporter, which also leaves the counts in the file that AIRLOCK_TEST_COUNTS names, for .ci/run, and ends a run that
// something keeps open, after saying what.
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

/** Milliseconds that what tests opened may take to close. */
const patience = 20_000;

class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.AIRLOCK_TEST_COUNTS;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      if (file !== undefined) writeFileSync(file, `${passes} ${failures} ${pending}\n`);
      const end = () => {
        console.error(`Still open after the tests: ${process.getActiveResourcesInfo().join(', ')}`);
        process.exit(Math.max(failures, 1));
      };
      setTimeout(end, patience).unref();
    });
  }
}

module.exports = CountingReporter;

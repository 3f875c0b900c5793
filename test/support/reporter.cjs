// Mocha's spec reporter, which also leaves the counts in the file that AIRLOCK_TEST_COUNTS names, for .ci/run.
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.AIRLOCK_TEST_COUNTS;
    if (file === undefined) return;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(file, `${passes} ${failures} ${pending}\n`);
    });
  }
}

module.exports = CountingReporter;

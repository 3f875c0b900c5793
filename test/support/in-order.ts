/**
 * For suites whose tests build on one another: after a failure the rest of the suite is skipped, and counted so. Mocha's `bail` would
 * also leave out, without a word, every such suite after a failure in another.
 */
export function inOrder(suite: Mocha.Suite): void {
  suite.beforeEach(function () {
    let failed = false;
    suite.eachTest(test => (failed ||= test.state === 'failed'));
    if (failed) this.skip();
  });
}

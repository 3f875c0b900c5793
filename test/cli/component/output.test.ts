import { expect } from 'chai';
import { identitiesOfArguments } from '../../../cli/component/elements';
import { jsonText, visible } from '../../../cli/component/output';
import { displayWidth, table } from '../../../cli/terminal';
import { hasCode } from '../../../report';

describe('tables', () => {
  it('line up whatever the width of their characters', () => {
    const rows = [
      ['こんにちは', 'x'],
      ['한국어', 'x'],
      ['a\u0301bc', 'x'],
      ['🚀', 'x'],
      ['\u001b[31mred\u001b[0m', 'x'],
    ];
    const columns = table(['NAME', 'MARK'], rows)
      .split('\n')
      .slice(1)
      .map(line => displayWidth(line.slice(0, line.lastIndexOf('x'))));
    expect(new Set(columns)).to.deep.equal(new Set([12]));
  });

  it('show what would steer the terminal', () => {
    expect(visible('a\u001b]0;title\u0007b\n\u202ec')).to.equal('a\\u001b]0;title\\u0007b\\u000a\\u202ec');
    expect(visible('こんにちは 🚀')).to.equal('こんにちは 🚀');
  });
});

describe('JSON', () => {
  it('is escaped as Go escapes it', () => {
    expect(jsonText({ a: '<&>\u2028' }, false)).to.equal('{"a":"\\u003c\\u0026\\u003e\\u2028"}');
  });
});

describe('names and identities of a command line', () => {
  it('are names, each with the attributes that follow it', () => {
    expect(identitiesOfArguments(['cli', 'os=linux', 'arch=amd64', 'web', 'note=a=b'])).to.deep.equal([
      { name: 'cli', os: 'linux', arch: 'amd64' },
      { name: 'web', note: 'a=b' },
    ]);
    expect(() => identitiesOfArguments(['os=linux']))
      .to.throw()
      .that.satisfies((error: unknown) => hasCode(error, 'cli.usage'));
  });
});

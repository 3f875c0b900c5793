import { expect } from 'chai';
import { AirlockError, errorFromLine, errorToLine, isErrorLine } from '../../report';

describe('a failure as a line', () => {
  it('keeps code, message, place and remedy', () => {
    const error = new AirlockError({
      code: 'net.unreachable',
      message: 'cannot reach\nit',
      where: 'http://a/',
      remedy: 'Look',
    });
    const line = errorToLine(error);
    expect(line).not.to.include('\n');
    const read = errorFromLine(line);
    expect(read).to.be.instanceOf(AirlockError);
    expect(read).to.include({
      code: 'net.unreachable',
      message: 'cannot reach\nit',
      where: 'http://a/',
      remedy: 'Look',
    });
    expect(read?.stack).to.include('line.test.ts');
  });

  it('keeps what is no failure of ours as what it is', () => {
    const read = errorFromLine(errorToLine(new TypeError('x is undefined')));
    expect(read).to.be.instanceOf(Error).and.not.to.be.instanceOf(AirlockError);
    expect(read?.message).to.equal('x is undefined');
  });

  it('knows the line as an SDK prints it, and nothing else', () => {
    expect(isErrorLine(`Error: ${errorToLine(new Error('x'))}: `)).to.equal(true);
    expect(isErrorLine('Error: x')).to.equal(false);
    expect(errorFromLine('Error: x')).to.equal(undefined);
    expect(errorFromLine('airlock-error:{"code":')).to.equal(undefined);
  });
});

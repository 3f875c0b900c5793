import { expect } from 'chai';
import { exitCodeOf, exitCodes } from '../../cli/exit';
import { AirlockError } from '../../report';

describe('exit codes', () => {
  const codeOf = (code: string): number => exitCodeOf(new AirlockError({ code, message: 'x' }));

  it('follow from the kind of failure', () => {
    const table: Readonly<Record<keyof typeof exitCodes, readonly string[]>> = {
      done: [],
      failed: [
        'host.port-taken',
        'images.build-failed',
        'engine.disk-full',
        'ocm.invalid-constructor',
        'product.yaml-invalid',
      ],
      usage: ['cli.usage', 'serve.invalid-argument'],
      configuration: [
        'engine.config-missing',
        'components.config-invalid',
        'engine.wrong-passphrase',
        'oci.unauthorized',
        'oci.denied',
        'forge.unauthorized',
        'forge.forbidden',
      ],
      refused: ['ocm.unsigned', 'ocm.not-verified', 'oci.digest-mismatch', 'product.component-digest-mismatch'],
      unreachable: ['net.unreachable', 'net.timeout', 'forge.unreachable', 'cluster.unreachable', 'host.no-engine'],
      noStack: ['engine.unknown-stack', 'engine.no-stack'],
      unexpectedChanges: ['engine.unexpected-changes'],
      declined: ['cli.declined'],
      interrupted: ['cli.interrupted', 'engine.cancelled'],
    };
    for (const [kind, codes] of Object.entries(table)) {
      for (const code of codes) expect(codeOf(code), code).to.equal(exitCodes[kind as keyof typeof exitCodes]);
    }
  });

  it('are 1 for what is no failure of ours', () => {
    expect(exitCodeOf(new Error('digest'))).to.equal(1);
    expect(exitCodeOf('text')).to.equal(1);
  });
});

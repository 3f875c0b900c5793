import { AirlockError, describeError } from '../../report';

/** Why one product does not go on while others do: a failure, as text that can be kept in state. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly where: string;
  readonly remedy: string;
}

/** Codes of failures that lie in what was delivered, or in what the consumer's repository holds for one product. */
const oneProducts =
  /^(product\.|ocm\.|oci\.(digest|size)-mismatch|forge\.(forbidden|conflict|invalid|not-found|moved))/;
/** Codes among them that are about the machine: every product would meet them. */
const everybodys = /(unreachable|unauthorized|denied|timeout|interrupted|program-missing)/;

/**
 * The refusal that a failure means; undefined where it is not about one product (no network, wrong credentials, a defect): such a
 * failure ends the update.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof AirlockError) || !oneProducts.test(error.code) || everybodys.test(error.code))
    return undefined;
  const { code, message, where = '', remedy = '' } = error;
  return { code, message, where, remedy };
}

/** The failure again, with its code: what ends a command after everything else is done. `on` names the resource. */
export function errorOfRefusal({ code, message, where, remedy }: Refusal, on: string): AirlockError {
  return new AirlockError({
    code,
    message: `${on} is blocked: ${message}`,
    ...(where === '' ? {} : { where }),
    ...(remedy === '' ? {} : { remedy }),
  });
}

/** One line for people. */
export function refusalText({ code, message, where, remedy }: Refusal): string {
  return describeError(
    new AirlockError({
      code,
      message,
      ...(where === '' ? {} : { where }),
      ...(remedy === '' ? {} : { remedy }),
    }),
  );
}

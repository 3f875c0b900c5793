import { describeError, hasCode } from '../../report';

/**
 * Proposes a removal while a resource is deleted. A forge, a repository or an account that is gone by then has nothing left to
 * propose to: a warning, since the rest of the stack must go all the same.
 */
export async function proposed(removal: () => Promise<string>): Promise<void> {
  try {
    const page = await removal();
    if (page !== '') console.warn(`The removal is proposed, and waits for a merge: ${page}`);
  } catch (error) {
    if (!hasCode(error, 'forge.')) throw error;
    console.warn(`The removal cannot be proposed: ${describeError(error)}`);
  }
}

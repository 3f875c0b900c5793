import { AirlockError } from '../report';

/** The account for a forge, from the environment: arguments are seen by everybody on the machine. Throws `forge.credentials-missing`. */
export function forgeCredentials(): { token: string } | { username: string; password: string } {
  const {
    AIRLOCK_FORGE_TOKEN: token,
    AIRLOCK_FORGE_USERNAME: username,
    AIRLOCK_FORGE_PASSWORD: password,
  } = process.env;
  if (token) return { token };
  if (username && password) return { username, password };
  throw new AirlockError({
    code: 'forge.credentials-missing',
    message: 'There are no credentials for the forge',
    remedy: 'Set AIRLOCK_FORGE_TOKEN, or AIRLOCK_FORGE_USERNAME and AIRLOCK_FORGE_PASSWORD',
  });
}

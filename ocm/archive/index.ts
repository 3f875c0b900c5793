export * from './collect';
export * from './tar-read';
export * from './tar-write';

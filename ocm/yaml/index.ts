export * from './json';
export * from './read';
export * from './write';
export { resolvePlainScalar } from './scalars';

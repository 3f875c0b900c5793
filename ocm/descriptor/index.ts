export * from './identity';
export * from './names';
export * from './parse';
export { goJson, providerOf, providerString, type Provider } from './provider';
export { utcSeconds } from './time';
export * from './types';

export * from './identity';
export * from './names';
export * from './parse';
export * from './provider';
export * from './types';

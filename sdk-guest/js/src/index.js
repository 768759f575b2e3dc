// What a connector in JavaScript imports: one name for each interface of the contract, and the errors.

export { defineConnector, each, inOneStage, pagedBy } from './connector.js';
export * from './errors.js';
export * as http from './http.js';
export * as logging from './logging.js';
export * as profile from './profile.js';
export * as secrets from './secrets.js';

// @ts-check
/** What this module refuses, by the names that the Python package gives the same causes. */

/** Every refusal of this module. `name` says the cause; `fields` is its data. */
export class ZkLinkError extends Error {
  /**
   * @param {string} name The cause, as the Python class of the same meaning is called.
   * @param {string} message What is wrong, in words.
   * @param {Record<string, unknown>} [fields] The cause's data.
   */
  constructor(name, message, fields = {}) {
    super(message);
    this.name = name;
    this.fields = fields;
  }
}

/**
 * @param {string} where
 * @param {string} field
 * @param {bigint} value
 * @param {number} bits
 * @returns {ZkLinkError}
 */
export function fieldOutOfRange(where, field, value, bits) {
  return new ZkLinkError("FieldOutOfRange", `${where}: ${field} = ${value} does not fit into ${bits} bits`, {
    where, field, value, bits,
  });
}

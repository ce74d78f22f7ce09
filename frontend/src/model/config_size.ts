/** What a config of a form asks for and costs: all of its nodes together, as the server counts them. */

import type { FormValues } from "./config_form";
import type { InstanceType, Price, Size } from "./types";

export interface FormSize {
  readonly size: Size | null;
  readonly price: Price | null;
  /** A cluster costs that when all of its workers run. */
  readonly atMost: boolean;
}

const UNKNOWN: FormSize = { size: null, price: null, atMost: false };

export function formSize(values: FormValues, types: readonly InstanceType[], machine: Size | null): FormSize {
  const typeOf = (name: string): InstanceType | undefined => types.find((type) => type.name === name.trim());
  const driver = typeOf(values.driver);
  if (values.driver.trim() && !driver) {
    return UNKNOWN;
  }
  if (values.mode === "standalone") {
    return { size: driver?.size ?? machine, price: driver?.price ?? null, atMost: false };
  }
  const worker = values.worker.trim() ? typeOf(values.worker) : driver;
  const count = Number(values.maxNodes);
  if (!worker || !Number.isInteger(count) || count < 1) {
    return UNKNOWN;
  }
  const size = {
    vcpus: count * worker.size.vcpus + (driver?.size.vcpus ?? 0),
    memoryBytes: count * worker.size.memoryBytes + (driver?.size.memoryBytes ?? 0),
  };
  return { size, price: clusterPrice(driver, worker, count), atMost: true };
}

function clusterPrice(driver: InstanceType | undefined, worker: InstanceType, count: number): Price | null {
  const [one, other] = [driver?.price, worker.price];
  if (!one || !other || one.currency !== other.currency) {
    return null;
  }
  return { perHour: one.perHour + count * other.perHour, currency: one.currency };
}

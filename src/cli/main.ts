#!/usr/bin/env node
// The `fovea` command.

import { unsetWhereRefused } from "./variables.js";

unsetWhereRefused(); // before libraries are imported, because some read variables on import
await import("./process.js");

#!/usr/bin/env node
// The `fovea` command.

import { unsetWhereRefused } from "./variables.js";

unsetWhereRefused(); // before libraries are imported: some read variables then
await import("./process.js");

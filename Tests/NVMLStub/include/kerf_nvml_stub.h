#pragma once

// Loaded by dlopen; nothing is called by name at build time.
